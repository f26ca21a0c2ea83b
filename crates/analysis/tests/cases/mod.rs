//! What is asked, by why it is asked.

mod limits;
mod pitfalls;
