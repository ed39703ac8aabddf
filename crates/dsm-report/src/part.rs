//! Parts of lists, so that an answer is never longer than is asked for.

/// The most items of one part.
pub const MAX_LISTED: u16 = 1_000;
/// How many if nothing is said.
pub const LISTED: u16 = 100;

/// A part of a list: the last items before one, or the last of all. Whoever wants the earlier ones too names the
/// first item of this part next; a part that is shorter than it might be is the beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<K> {
    /// How many at most; all if it is left out.
    pub limit: Option<u16>,
    /// Before which item, by what the list is in order of.
    pub before: Option<K>,
}

impl<K: Ord> Part<K> {
    /// The whole list.
    #[must_use]
    pub const fn whole() -> Self {
        Self { limit: None, before: None }
    }

    /// This part of a list, in the order of its keys.
    pub fn of<T>(&self, items: Vec<T>, key: impl Fn(&T) -> K) -> Vec<T> {
        let mut items = items;
        items.sort_by_cached_key(&key);
        if let Some(before) = &self.before {
            let end = items.partition_point(|item| key(item) < *before);
            items.truncate(end);
        }
        let limit = self.limit.map_or(usize::MAX, usize::from);
        items.split_off(items.len().saturating_sub(limit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_one_before_the_other_are_the_list_in_order_whatever_the_limit_is() {
        let list: Vec<u64> = [5, 3, 9, 1, 7, 2].to_vec();
        let mut sorted = list.clone();
        sorted.sort_unstable();
        assert_eq!(Part::whole().of(list.clone(), |item| *item), sorted);
        for limit in 1..=7 {
            let (mut all, mut before) = (Vec::new(), None);
            loop {
                let part = Part { limit: Some(limit), before }.of(list.clone(), |item| *item);
                assert!(part.len() <= usize::from(limit));
                before = part.first().copied();
                all.splice(0..0, part);
                if before.is_none() {
                    break;
                }
            }
            assert_eq!(all, sorted, "{limit} at a time");
        }
        let part = |limit, before| Part { limit, before }.of(list.clone(), |item| *item);
        assert_eq!((part(Some(2), Some(8)), part(Some(0), None)), (vec![5, 7], vec![]));
    }
}
