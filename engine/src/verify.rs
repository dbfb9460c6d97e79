//! The check of all histories: every line, every record, every root. It works on a store at rest
//! and beside a running engine, and changes nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::chain::{Chain, Mac};
use crate::examine::{Depth, Discrepancy, Fault, examine};
use crate::instance::{Record, SubjectId};
use crate::ledger::EngineError;
use crate::roots::{self, Leaf, Root};
use crate::seal::{Cipher, Keyring, SealError};
use crate::store::{PageOrder, Store, StoreError};
use crate::walk::{Pair, Walk};

/// Discrepancies told one by one; the rest are counted.
const TOLD_MAX: usize = 200;

/// Roots looked at between two pauses.
const ROOTS_AT_ONCE: usize = 100;

/// What a check has found so far, or in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// Instances looked at.
    pub instances: u64,
    /// Lines whose link was computed anew.
    pub lines: u64,
    /// Lines from before there were links: nothing is proved of them.
    pub unlinked: u64,
    /// Instances that no root lists yet: their end could be cut off unseen.
    pub unrooted: u64,
    /// Roots whose chain was followed.
    pub roots: u64,
    /// The newest root.
    pub newest: Option<Root>,
    /// Discrepancies in all.
    pub broken: u64,
    /// The first of them.
    pub told: Vec<Discrepancy>,
}

impl Findings {
    /// Whether everything is as it was written.
    pub fn is_sound(&self) -> bool {
        self.broken == 0
    }

    pub(crate) fn note(&mut self, found: Discrepancy) {
        self.broken += 1;
        if self.told.len() < TOLD_MAX {
            self.told.push(found);
        }
    }
}

/// A root that was written down outside the store: its number and its mark, as `42:9f3c…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    number: u64,
    mark: String,
}

impl std::str::FromStr for Anchor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no root: write its number and its mark, as 42:9f3c…");
        let (number, mark) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self {
            number: number.parse().map_err(|_| wrong())?,
            mark: mark.to_ascii_lowercase(),
        })
    }
}

/// Reads the books of a store; the cipher holds the key without which nothing can be proved.
#[derive(Clone)]
pub struct Verifier {
    store: Arc<dyn Store>,
    keyring: Arc<Keyring>,
}

/// A check under way, a stretch at a time.
pub struct Verification {
    store: Arc<dyn Store>,
    chain: Chain,
    walk: Walk,
    findings: Findings,
}

impl Verifier {
    /// A verifier over a store, which may be at rest.
    pub fn new(store: Arc<dyn Store>, cipher: Arc<dyn Cipher>) -> Self {
        let keyring = Arc::new(Keyring::new(cipher, Arc::clone(&store)));
        Self::over(store, keyring)
    }

    pub(crate) fn over(store: Arc<dyn Store>, keyring: Arc<Keyring>) -> Self {
        Self { store, keyring }
    }

    /// Checks everything at once.
    pub async fn verify(&self, anchor: Option<&Anchor>) -> Result<Findings, EngineError> {
        let mut verification = match self.begin(anchor).await? {
            Ok(verification) => verification,
            Err(findings) => return Ok(findings),
        };
        while verification.step().await? {}
        Ok(verification.findings)
    }

    /// Follows the roots and begins the walk; the findings alone if there is nothing to check by.
    pub async fn begin(
        &self,
        anchor: Option<&Anchor>,
    ) -> Result<Result<Verification, Findings>, EngineError> {
        let mut findings = Findings::default();
        let key = match self.keyring.key(&SubjectId::of_journals()).await {
            Ok(key) => key,
            Err(SealError::Store(error)) => return Err(SealError::Store(error).into()),
            Err(error) => {
                let page = PageOrder {
                    limit: 1,
                    after: None,
                };
                let found = self.store.find(&crate::Filter::default(), &page).await?;
                if !found.items.is_empty() || anchor.is_some() {
                    let text = format!("the key of histories does not open: {error}");
                    findings.note(Discrepancy::of_roots(Fault::KeyMissing, text));
                }
                return Ok(Err(findings));
            }
        };
        let chain = Chain::new(Arc::clone(&self.keyring), key);
        let followed = follow(self.store.as_ref(), &chain, anchor, &mut findings).await?;
        let index = match &followed {
            Some(root) => roots::index(self.store.as_ref(), &chain, root).await?,
            None => None,
        };
        if let (Some(root), None) = (&followed, &index) {
            let text = format!("what root {} lists is missing or altered", root.number);
            findings.note(Discrepancy::of_roots(Fault::RootAltered, text));
        }
        Ok(Ok(Verification {
            store: Arc::clone(&self.store),
            chain,
            walk: Walk::over(index.unwrap_or_default()),
            findings,
        }))
    }
}

impl Verification {
    /// Looks at the next stretch; says whether there is more.
    pub async fn step(&mut self) -> Result<bool, EngineError> {
        let Some(stretch) = self.walk.next(self.store.as_ref(), &self.chain).await? else {
            return Ok(false);
        };
        if let (true, Some(bucket)) = (stretch.unreadable, &stretch.bucket)
            && !self.is_outdated().await?
        {
            let text = format!(
                "the heads from {} upward are missing or altered",
                bucket.low
            );
            self.findings
                .note(Discrepancy::of_roots(Fault::RootAltered, text));
        }
        for pair in stretch.pairs {
            self.look_at(pair).await?;
        }
        Ok(true)
    }

    /// Whether a newer root was made since the check began: it takes away what only ours listed.
    async fn is_outdated(&self) -> Result<bool, EngineError> {
        let newest = roots::newest(self.store.as_ref(), &self.chain).await?;
        let ours = self.findings.newest.as_ref().map(|root| root.number);
        Ok(newest.map(|root| root.number) > ours)
    }

    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    async fn look_at(&mut self, (leaf, record): Pair) -> Result<(), EngineError> {
        let store = self.store.as_ref();
        let record = match (record, &leaf) {
            (Some(record), _) => record,
            (None, Some(leaf)) => match gone(store, leaf).await? {
                Ok(record) => record,
                Err(missing) => {
                    self.findings.note(missing);
                    return Ok(());
                }
            },
            (None, None) => return Ok(()),
        };
        let (record, examined) =
            examine(store, &self.chain, record, leaf.as_ref(), Depth::Whole).await?;
        let findings = &mut self.findings;
        findings.instances += 1;
        findings.lines += examined.lines;
        findings.unlinked += examined.unlinked;
        findings.unrooted += u64::from(leaf.is_none());
        examined
            .found
            .into_iter()
            .for_each(|found| findings.note(found));
        let newest = findings.newest.as_ref().map_or(0, |root| root.number);
        if examined.root > newest {
            // A root made since the check began is no lost one.
            let root = roots::newest(store, &self.chain).await.ok().flatten();
            if root.is_none_or(|root| root.number < examined.root) {
                let text = format!(
                    "a line names root {}, and the newest root there is has the number {newest}",
                    examined.root
                );
                findings.note(Discrepancy::of(&record.id, Fault::RootAltered, text));
            }
        }
        Ok(())
    }
}

/// An instance that a root lists and the walk did not meet: it may stand there after all.
pub(crate) async fn gone(
    store: &dyn Store,
    leaf: &Leaf,
) -> Result<Result<Record, Discrepancy>, StoreError> {
    if let Some(record) = store.load(&leaf.id).await? {
        return Ok(Ok(record));
    }
    let text = format!(
        "a root lists it with {} lines, and it is gone",
        leaf.sequence
    );
    Ok(Err(Discrepancy::of(&leaf.id, Fault::InstanceMissing, text)))
}

/// Follows the roots from the newest to the oldest; answers the newest.
async fn follow(
    store: &dyn Store,
    chain: &Chain,
    anchor: Option<&Anchor>,
    findings: &mut Findings,
) -> Result<Option<Root>, EngineError> {
    let mut page = PageOrder {
        limit: ROOTS_AT_ONCE,
        after: None,
    };
    let mut newer: Option<Root> = None;
    let mut met = anchor.is_none();
    loop {
        let (roots, next) = roots::page(store, chain, &page).await?;
        for root in roots {
            let Ok(root) = root else {
                let text = "a root does not open: it was altered or put in another's place";
                findings.note(Discrepancy::of_roots(Fault::RootAltered, text.to_owned()));
                continue;
            };
            findings.roots += 1;
            if let Some(newer) = &newer
                && (root.number + 1 != newer.number || newer.previous != Some(root.mark))
            {
                let text = format!("root {} does not follow root {}", newer.number, root.number);
                findings.note(Discrepancy::of_roots(Fault::RootAltered, text));
            }
            met |= anchor.is_some_and(|anchor| is_at(&root.mark, root.number, anchor));
            findings.newest.get_or_insert_with(|| root.clone());
            newer = Some(root);
        }
        match next {
            Some(next) => page.after = Some(next),
            None => break,
        }
    }
    if let (false, Some(anchor)) = (met, anchor) {
        let text = format!(
            "root {}:{} is not in this store",
            anchor.number, anchor.mark
        );
        findings.note(Discrepancy::of_roots(Fault::RootAltered, text));
    }
    Ok(findings.newest.clone())
}

/// A mark may be written down shortened, but not beyond recognition.
fn is_at(mark: &Mac, number: u64, anchor: &Anchor) -> bool {
    number == anchor.number && anchor.mark.len() >= 8 && mark.to_string().starts_with(&anchor.mark)
}
