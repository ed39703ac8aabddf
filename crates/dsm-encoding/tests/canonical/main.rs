//! What is canonical and what is not, against RFC 8949, a second implementation and mutations.

#[cfg(test)]
mod bounds;
#[cfg(test)]
mod item;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod rfc8949;
