//! The security requirements that are about HTTP, each test named after the id of its requirement.

#[cfg(test)]
mod apart;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod evaluating;
#[cfg(test)]
mod guarding;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod redeeming;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod site;
#[cfg(test)]
mod telling;
#[cfg(test)]
mod templates;
