//! The record of every attempt: rows for the tenants concerned, and the steps that were taken.

pub mod row;
pub mod step;
