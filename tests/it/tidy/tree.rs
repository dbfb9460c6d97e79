//! Reads the tree as it lies on disk, without what is built.

use std::fs;
use std::path::{Path, PathBuf};

/// One text file of the tree.
pub(super) struct File {
    /// Its path from the root, with forward slashes.
    pub(super) path: String,
    /// Its text.
    pub(super) text: String,
}

impl File {
    pub(super) fn is_under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }

    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path)
            .extension()
            .is_some_and(|ext| ext == "rs")
    }

    /// Whether the whole file is there for tests.
    pub(super) fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        self.is_under("tests/")
            || self.path.contains("/tests/")
            || name == "tests.rs"
            || name.ends_with("_test.rs")
            || name.ends_with("_tests.rs")
    }

    /// The part of the file that only tests see: all of a test file, or what follows `mod tests {`.
    pub(super) fn test_part(&self) -> &str {
        if self.is_test() {
            return &self.text;
        }
        let inline = self.text.find("#[cfg(test)]\nmod tests {");
        inline.map_or("", |start| &self.text[start..])
    }
}

pub(super) fn root() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap().to_path_buf()
}

/// Names at the root that git does not keep.
pub(super) fn ignored() -> Vec<String> {
    let listed = fs::read_to_string(root().join(".gitignore")).unwrap();
    let names = listed.lines().map(|line| line.trim_matches('/').to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Every Rust file.
pub(super) fn rust_files() -> Vec<File> {
    let mut files = files();
    files.retain(File::is_rust);
    assert!(files.len() > 100, "the tree was not found");
    files
}

/// Every file that is text.
pub(super) fn files() -> Vec<File> {
    let mut found = Vec::new();
    walk(&root(), &ignored(), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, ignored: &[String], found: &mut Vec<File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name == ".git" || ignored.contains(&name) {
            continue;
        }
        if path.is_dir() {
            walk(&path, ignored, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            let path = path.strip_prefix(root()).unwrap();
            let path = path.to_string_lossy().replace('\\', "/");
            found.push(File { path, text });
        }
    }
}
