//! Chains of certificates, made here, each with one fault.

mod authority;
mod chain;
