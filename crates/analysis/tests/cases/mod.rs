//! What is asked, by why it is asked.

mod break_glass;
mod differences;
mod limits;
mod lints;
mod map;
mod once_wrong;
mod pitfalls;
mod told;
