//! Steps of several sessions that become durable together (`spec/sessions.md`, steps and effects).

use alloc::vec::Vec;

use crate::effects::{Batch, Effects, Then};

/// What several steps want done: nothing that follows any of them is given away before the batches of
/// all are durable.
#[derive(Debug)]
#[must_use = "the batches must be persisted"]
pub struct Turn<T> {
    steps: Vec<(T, Then)>,
    due: bool,
}

impl<T> Turn<T> {
    /// No step yet.
    pub fn new() -> Self {
        Self { steps: Vec::new(), due: false }
    }

    /// Adds a step of somebody. `stage` keeps its batch, to be durable with those of the others.
    ///
    /// # Errors
    /// What `stage` says; then the turn is as it was, and the session as before the step.
    pub fn add<E>(
        &mut self,
        of: T,
        effects: Effects,
        stage: impl FnOnce(&Batch) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut due = false;
        let then = effects.persist(|batch| {
            due = !batch.is_hint();
            stage(batch)
        })?;
        self.due |= due;
        self.steps.push((of, then));
        Ok(())
    }

    /// Whether anything was staged that cannot wait.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.due
    }

    /// Whether nobody made a step.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Makes all that was staged durable, and only then gives away what follows. If all that was staged
    /// can wait, it waits.
    ///
    /// # Errors
    /// What `commit` says; then nothing may follow.
    pub fn persist<E>(self, commit: impl FnOnce() -> Result<(), E>) -> Result<Vec<(T, Then)>, E> {
        if self.due {
            commit()?;
        }
        Ok(self.steps)
    }
}

impl<T> Default for Turn<T> {
    fn default() -> Self {
        Self::new()
    }
}
