//! What the catalogue says of one error, and the short form in which its tables are written.

use std::time::Duration;

use engine::Actor;

use crate::ports::graph::Reaction;

/// Where an error is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// In an answer of the Graph API.
    Graph,
    /// In the exchange of a code for a token.
    Exchange,
    /// Inside Meta's signup window, reported by the browser.
    Signup,
}

impl Family {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Graph => "graph",
            Self::Exchange => "exchange",
            Self::Signup => "signup",
        }
    }
}

/// What becomes of the work that met the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// It is tried again without anyone's help.
    Retry,
    /// It is tried again after a known time.
    Wait,
    /// The client can change something.
    Client,
    /// The operator must change something.
    Operator,
    /// This attempt is over until Meta's verdict changes.
    Terminal,
    /// Onboarding does not meet it, or need not care.
    NotApplicable,
}

impl Class {
    /// The word used on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Retry => "retry",
            Self::Wait => "wait",
            Self::Client => "client",
            Self::Operator => "operator",
            Self::Terminal => "terminal",
            Self::NotApplicable => "not_applicable",
        }
    }
}

/// One error, explained.
#[derive(Clone, Debug)]
pub struct CatalogueEntry {
    /// Where it is met; codes are unique within a family only.
    pub family: Family,
    /// Meta's code; nothing where Meta only words it.
    pub code: Option<i64>,
    /// Meta's subcode, where it tells two meanings of a code apart.
    pub subcode: Option<i64>,
    /// Words in Meta's message, where only they tell two meanings apart.
    pub when: Option<&'static str>,
    /// The one call on which the code has this meaning.
    pub on: Option<&'static str>,
    /// A name that stays, e.g. `pin_mismatch`.
    pub slug: &'static str,
    /// What Meta means, in half a sentence.
    pub meaning: &'static str,
    /// What becomes of the work.
    pub reaction_class: Class,
    /// What the caller does; nothing for errors that no call of ours meets.
    pub reaction: Option<Reaction>,
    /// How long to stay away when Meta does not say.
    pub wait: Option<Duration>,
    /// Whose move it is.
    pub who: Actor,
    /// For the client: what happened, what it means, what to do.
    pub client_text: &'static str,
    /// For the operator: what to check.
    pub operator_text: &'static str,
    /// The coarse code that partners see.
    pub partner_code: &'static str,
    /// The page of Meta's that lists it; `practice` where only experience does.
    pub source: &'static str,
}

/// One line of a table: an entry for each of its codes.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) codes: &'static [i64],
    pub(super) entry: CatalogueEntry,
}

impl Row {
    /// A line for these codes; what is not said further on is Meta's error list and "look into it".
    pub(super) const fn new(
        family: Family,
        codes: &'static [i64],
        slug: &'static str,
        meaning: &'static str,
    ) -> Self {
        Self {
            codes,
            entry: CatalogueEntry {
                family,
                code: None,
                subcode: None,
                when: None,
                on: None,
                slug,
                meaning,
                reaction_class: Class::Operator,
                reaction: None,
                wait: None,
                who: Actor::Operator,
                client_text: "",
                operator_text: "",
                partner_code: "",
                source: "M-EC",
            },
        }
    }

    /// Only with this subcode.
    pub(super) const fn subcode(mut self, subcode: i64) -> Self {
        self.entry.subcode = Some(subcode);
        self
    }

    /// Only when Meta's message holds these words.
    pub(super) const fn when(mut self, words: &'static str) -> Self {
        self.entry.when = Some(words);
        self
    }

    /// Only on this call.
    pub(super) const fn on(mut self, call: &'static str) -> Self {
        self.entry.on = Some(call);
        self
    }

    /// What becomes of it, whose move it is, and what partners see.
    pub(super) const fn sorts(mut self, class: Class, who: Actor, partner: &'static str) -> Self {
        self.entry.reaction_class = class;
        self.entry.who = who;
        self.entry.partner_code = partner;
        self
    }

    /// What the caller does.
    pub(super) const fn reacts(mut self, reaction: Reaction) -> Self {
        if let Reaction::Limited { wait } | Reaction::PinGuessing { wait } = &reaction {
            self.entry.wait = Some(*wait);
        }
        self.entry.reaction = Some(reaction);
        self
    }

    /// How long to stay away when Meta does not say.
    pub(super) const fn waits(mut self, wait: Duration) -> Self {
        self.entry.wait = Some(wait);
        self
    }

    /// What the client and the operator are told.
    pub(super) const fn tells(mut self, client: &'static str, operator: &'static str) -> Self {
        self.entry.client_text = client;
        self.entry.operator_text = operator;
        self
    }

    /// Where Meta says so.
    pub(super) const fn cites(mut self, source: &'static str) -> Self {
        self.entry.source = source;
        self
    }

    /// The line as one entry per code, or as one where Meta gives none.
    pub(super) fn entries(&self) -> impl Iterator<Item = CatalogueEntry> + '_ {
        let worded = self.codes.is_empty().then_some(None);
        let coded = self.codes.iter().map(|code| Some(*code));
        worded.into_iter().chain(coded).map(|code| CatalogueEntry {
            code,
            ..self.entry.clone()
        })
    }
}

/// Minutes as the tables write them.
pub(super) const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

/// Hours as the tables write them.
pub(super) const fn hours(count: u64) -> Duration {
    minutes(count * 60)
}
