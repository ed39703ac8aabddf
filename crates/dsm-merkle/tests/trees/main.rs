//! Both trees against naive ones, and proofs with one fault.

#[cfg(test)]
mod list;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod tip_proof;
#[cfg(test)]
mod tip_tree;
