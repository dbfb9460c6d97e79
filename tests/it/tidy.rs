//! The house rules, held over the tree itself. Each failure says where and what to do.
//!
//! Exceptions stand beside the rule they are from and may only become fewer.

mod coverage;
mod layers;
mod manifests;
mod readme;
mod shape;
mod tables;
mod tree;
mod words;

/// Fails with every complaint at once, and with the way to mend them.
fn expect_none(complaints: &[String], remedy: &str) {
    assert!(
        complaints.is_empty(),
        "{remedy}\n  {}\n",
        complaints.join("\n  ")
    );
}

/// Complaints about exceptions that nothing needs any more.
fn stale<'a>(
    exceptions: &'a [&'a str],
    is_needed: impl Fn(&str) -> bool,
) -> impl Iterator<Item = String> {
    exceptions
        .iter()
        .filter(move |exception| !is_needed(exception))
        .map(|exception| format!("`{exception}` is no exception any more: strike it from the list"))
        .collect::<Vec<_>>()
        .into_iter()
}
