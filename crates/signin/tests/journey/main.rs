//! Sign-ins end to end, without HTTP: what each person sees, what is issued, and what both tenants' logs say.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod gates;
#[cfg(test)]
mod language;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod timers;
#[cfg(test)]
mod world;
