//! Chains of certificates, made here, each with one fault.

mod android;
mod authority;
mod chain;
mod description;
