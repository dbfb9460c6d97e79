//! One call of Graph as a value: method, path, parameters, body, and what of it is secret.

use std::fmt;

use serde_json::Value;
use workflows::ports::graph::Access;
use workflows::values::Secret;

/// Meta's name for the proof that a token is used by the app it was granted to.
const PROOF: &str = "appsecret_proof";

/// How a parameter is carried: a secret one stays wrapped until the request is written.
#[derive(Clone, Debug)]
pub(in crate::graph) enum Param {
    Plain(String),
    Hidden(Secret),
}

impl Param {
    pub(super) fn plain(text: impl Into<String>) -> Self {
        Self::Plain(text.into())
    }

    /// The value itself, for the transport.
    pub(in crate::graph) fn text(&self) -> &str {
        match self {
            Self::Plain(text) => text,
            Self::Hidden(secret) => secret.expose(),
        }
    }
}

/// What a request carries below its head.
#[derive(Clone)]
pub(in crate::graph) enum Body {
    Empty,
    Form(Vec<(&'static str, Param)>),
    Json(Value),
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Body([sealed])")
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::graph) enum Method {
    Get,
    Post,
    Delete,
}

/// One call of Graph.
#[derive(Clone, Debug)]
pub(in crate::graph) struct Request {
    /// Its name in logs, metrics and errors.
    pub(in crate::graph) call: &'static str,
    pub(in crate::graph) method: Method,
    /// The segments below the version.
    pub(in crate::graph) path: Vec<String>,
    pub(in crate::graph) query: Vec<(&'static str, Param)>,
    pub(in crate::graph) bearer: Option<Secret>,
    pub(in crate::graph) body: Body,
    /// Whether it counts even if its answer is lost: then it gets a connection of its own.
    pub(in crate::graph) once: bool,
    /// What must not come back in an error, whatever Meta echoes.
    pub(in crate::graph) secrets: Vec<Secret>,
}

impl Request {
    fn new(call: &'static str, method: Method, path: &[&str]) -> Self {
        Self {
            call,
            method,
            path: path.iter().map(|&part| part.to_owned()).collect(),
            query: Vec::new(),
            bearer: None,
            body: Body::Empty,
            once: false,
            secrets: Vec::new(),
        }
    }

    pub(super) fn get(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Get, path)
    }

    pub(super) fn post(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Post, path)
    }

    pub(super) fn delete(call: &'static str, path: &[&str]) -> Self {
        Self::new(call, Method::Delete, path)
    }

    /// Meta takes the proof among the parameters alone, whatever else the call carries.
    pub(super) fn by(mut self, access: &Access) -> Self {
        self.bearer = Some(access.token.clone());
        self.asking(PROOF, Param::Hidden(access.proof.clone()))
            .hiding(&access.token)
            .hiding(&access.proof)
    }

    /// The one call for which Meta documents the proof as a field of the form.
    pub(super) fn by_form(mut self, access: &Access, mut form: Vec<(&'static str, Param)>) -> Self {
        self.bearer = Some(access.token.clone());
        form.push((PROOF, Param::Hidden(access.proof.clone())));
        self.form(form).hiding(&access.token).hiding(&access.proof)
    }

    pub(super) fn asking(mut self, name: &'static str, value: Param) -> Self {
        self.query.push((name, value));
        self
    }

    pub(super) fn fields(self, fields: &str) -> Self {
        self.asking("fields", Param::plain(fields))
    }

    pub(super) fn form(mut self, form: Vec<(&'static str, Param)>) -> Self {
        self.body = Body::Form(form);
        self
    }

    pub(super) fn json(mut self, body: Value) -> Self {
        self.body = Body::Json(body);
        self
    }

    pub(super) fn counted(mut self) -> Self {
        self.once = true;
        self
    }

    pub(super) fn hiding(mut self, secret: &Secret) -> Self {
        self.secrets.push(secret.clone());
        self
    }
}
