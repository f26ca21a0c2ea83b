//! What is asked, by why it is asked.

mod break_glass;
mod differences;
mod interactions;
mod limits;
mod lints;
mod lock_outs;
mod map;
mod once_wrong;
mod pitfalls;
mod told;
