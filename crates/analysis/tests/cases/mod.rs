//! What is asked, by why it is asked.

mod limits;
mod map;
mod once_wrong;
mod pitfalls;
