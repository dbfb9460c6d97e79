//! The chore that makes a root: it looks at what moved since the last one and seals how far every
//! history has come. What contradicts the last root is told and not accepted.

use async_trait::async_trait;

use crate::chain::Chain;
use crate::clock::Timestamp;
use crate::engine::Engine;
use crate::examine::{Depth, Discrepancy, Fault, examine};
use crate::ledger::EngineError;
use crate::roots::{self, BUCKET_MAX, BucketRef, Index, Leaf, NewRoot, Root};
use crate::schedule::Chore;
use crate::store::StoreError;
use crate::verify::{Findings, gone};
use crate::walk::{Pair, Stretch, Walk};

/// A stretch with more leaves than one bucket takes is cut into buckets of this many, which leaves
/// each room to grow.
const BUCKET_FRESH: usize = BUCKET_MAX / 2;

/// Roots that are kept: more than a year of hourly ones.
const ROOTS_KEPT: u64 = 10_000;

/// Seals how far every history has come.
pub struct SealJournals;

#[async_trait]
impl Chore for SealJournals {
    async fn run(&self, engine: &Engine) -> Result<String, EngineError> {
        let (root, findings) = Rooting::begin(engine).await?.finish().await?;
        // The log may outlive the store: whoever keeps it can prove how far the store had come.
        tracing::info!(root = root.number, mark = %root.mark, instances = root.instances, "the histories were sealed");
        if findings.is_sound() {
            return Ok(format!(
                "root {}:{} over {} instances and {} lines",
                root.number, root.mark, root.instances, root.lines
            ));
        }
        for found in &findings.told {
            let instance = found.instance.as_ref().map(ToString::to_string);
            tracing::error!(instance.id = instance, fault = ?found.fault, "a history is not as it was written: {}", found.text);
        }
        Ok(format!(
            "root {}:{} with {} discrepancies; check the journal",
            root.number, root.mark, findings.broken
        ))
    }
}

/// A root in the making.
struct Rooting<'a> {
    engine: &'a Engine,
    chain: &'a Chain,
    begun: Timestamp,
    previous: Option<Root>,
    walk: Walk,
    known: Index,
    index: Index,
    findings: Findings,
    instances: u64,
    lines: u64,
}

impl<'a> Rooting<'a> {
    async fn begin(engine: &'a Engine) -> Result<Self, EngineError> {
        let chain = engine.ledger().chain().await?;
        let previous = roots::newest(engine.store(), chain).await?;
        let known = match &previous {
            None => Index::new(),
            Some(root) => {
                let index = roots::index(engine.store(), chain, root).await?;
                // A root over what nobody can compare would pass for proof.
                index.ok_or_else(|| {
                    let text = format!("what root {} lists is missing or altered", root.number);
                    StoreError::Corrupt(text)
                })?
            }
        };
        Ok(Self {
            engine,
            chain,
            begun: engine.now(),
            previous,
            walk: Walk::over(known.clone()),
            known,
            index: Index::new(),
            findings: Findings::default(),
            instances: 0,
            lines: 0,
        })
    }

    async fn finish(mut self) -> Result<(Root, Findings), EngineError> {
        while let Some(stretch) = self.walk.next(self.engine.store(), self.chain).await? {
            self.seal(stretch).await?;
            tokio::task::yield_now().await;
        }
        let new = NewRoot {
            at: self.engine.now(),
            index: std::mem::take(&mut self.index),
            instances: self.instances,
            lines: self.lines,
        };
        let (root, documents) = self.chain.next_root(self.previous.as_ref(), &new);
        let ledger = self.engine.ledger();
        ledger.write_documents(documents.into()).await?;
        ledger.note_root(root.number);
        self.forget_old(&root, &new.index).await?;
        Ok((root, self.findings))
    }

    /// Turns a stretch into buckets; one in which nothing moved stays as it is.
    async fn seal(&mut self, stretch: Stretch) -> Result<(), EngineError> {
        if let (true, Some(bucket)) = (stretch.unreadable, &stretch.bucket) {
            let text = format!(
                "the heads from {} upward are missing or altered",
                bucket.low
            );
            self.findings
                .note(Discrepancy::of_roots(Fault::RootAltered, text));
            // Writing anew what nobody can compare would pass for proof.
            self.index.push(bucket.clone());
            return Ok(());
        }
        let mut moved = !stretch.whole;
        let mut leaves = Vec::with_capacity(stretch.pairs.len());
        for pair in stretch.pairs {
            let before = pair.0.clone();
            let after = self.leaf(pair).await?;
            moved |= before != after;
            leaves.extend(after);
        }
        self.instances += leaves.len() as u64;
        self.lines += leaves.iter().map(|leaf| leaf.sequence).sum::<u64>();
        match stretch.bucket {
            Some(bucket) if !moved => self.index.push(bucket),
            _ => self.write_buckets(&leaves).await?,
        }
        Ok(())
    }

    async fn leaf(&mut self, (leaf, record): Pair) -> Result<Option<Leaf>, EngineError> {
        let store = self.engine.store();
        let record = match (record, &leaf) {
            (Some(record), _) => record,
            (None, Some(known)) => match gone(store, known).await? {
                Ok(record) => record,
                Err(missing) => {
                    self.findings.note(missing);
                    return Ok(leaf);
                }
            },
            (None, None) => return Ok(None),
        };
        let as_listed = |leaf: &Leaf| record.journal == leaf.sequence && record.head == leaf.head;
        if leaf.as_ref().is_some_and(as_listed) {
            return Ok(leaf);
        }
        let depth = Depth::SinceRoot;
        let (record, examined) = examine(store, self.chain, record, leaf.as_ref(), depth).await?;
        if examined.found.is_empty() {
            return Ok(Some(Leaf {
                id: record.id,
                sequence: record.journal,
                head: record.head,
            }));
        }
        examined
            .found
            .into_iter()
            .for_each(|found| self.findings.note(found));
        Ok(leaf)
    }

    async fn write_buckets(&mut self, leaves: &[Leaf]) -> Result<(), EngineError> {
        let size = if leaves.len() > BUCKET_MAX - BUCKET_FRESH / 2 {
            BUCKET_FRESH
        } else {
            BUCKET_MAX
        };
        let number = self.previous.as_ref().map_or(1, |root| root.number + 1);
        // Two that make the same root must not write over each other: one of them is too late.
        let begun = self.begun.millis();
        for part in leaves.chunks(size) {
            let key = format!("{number:012}/{begun}/{:06}", self.index.len());
            let Some((put, named)) = self.chain.bucket(key, part) else {
                continue;
            };
            self.engine.ledger().write_documents(vec![put]).await?;
            self.index.push(named);
        }
        Ok(())
    }

    /// Takes away what only the former root listed, and roots that are too old.
    async fn forget_old(&self, root: &Root, index: &[BucketRef]) -> Result<(), EngineError> {
        let mut removals = Vec::new();
        if let Some(previous) = &self.previous {
            let used: std::collections::HashSet<&str> =
                index.iter().map(|bucket| bucket.key.as_str()).collect();
            let unused = self
                .known
                .iter()
                .filter(|known| !used.contains(known.key.as_str()));
            removals.extend(unused.map(|bucket| roots::without_bucket(&bucket.key)));
            removals.push(roots::without_index(previous.number));
        }
        if let Some(old) = root.number.checked_sub(ROOTS_KEPT) {
            removals.push(roots::without_root(old));
        }
        for part in removals.chunks(BUCKET_FRESH) {
            self.engine.ledger().write_documents(part.to_vec()).await?;
        }
        Ok(())
    }
}
