//! The encoding against the engine: random sign-ins, whole spaces enumerated, evidences counted out.
//!
//! Worlds and sign-ins are drawn from seeds, so that a failure can be repeated; nothing in here knows how the analysis divides
//! the world. Where a sign-in lies in the space is worked out once more, by the plainest means (`locate`).
#![expect(
    clippy::format_push_string,
    clippy::single_match_else,
    clippy::too_many_lines,
    reason = "lists of everything there is, and worlds printed for a reader"
)]

mod agreement;
mod audiences;
mod brute_force;
pub(crate) mod dice;
mod differences;
mod edits;
mod enumerate;
mod evidences;
mod filters;
mod locate;
mod people;
mod policies;
mod selections;
mod settings;
mod sign_ins;
mod texts;
mod worlds;
