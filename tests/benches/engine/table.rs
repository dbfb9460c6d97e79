//! Tables as people read them in a terminal and in a README alike.

/// A table in the making: a heading, column names, rows of cells.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(columns: &[&str]) -> Self {
        let names = columns.iter().map(|name| (*name).to_owned()).collect();
        Self { rows: vec![names] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Prints it with its columns in line.
    pub(crate) fn print(&self, title: &str) {
        say(&format!("\n{title}\n"));
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (number, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths);
            let cells = cells.map(|(cell, width)| format!("{cell:>width$}"));
            say(&format!("| {} |", cells.collect::<Vec<_>>().join(" | ")));
            if number == 0 {
                let rules = widths.iter().map(|width| format!("{:->width$}", ":"));
                say(&format!("| {} |", rules.collect::<Vec<_>>().join(" | ")));
            }
        }
    }
}

/// One line for whoever runs the bench.
#[expect(clippy::print_stdout, reason = "a bench is read on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
