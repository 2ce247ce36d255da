//! Aligned columns of text for people, safe to print whatever the cluster sent.

use unicode_width::UnicodeWidthStr;

use crate::domain::said::clean;

/// A table with a heading; columns are as wide as their widest cell.
#[derive(Debug, Clone)]
pub struct Table {
    heading: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub fn new(heading: impl Into<Vec<&'static str>>) -> Self {
        Self { heading: heading.into(), rows: Vec::new() }
    }

    /// Adds a row. Cells are stripped of what could steer a terminal.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| clean(&cell).into_owned()).collect());
    }

    /// The same table with each cell as `change` gives it.
    pub fn map(mut self, change: impl Fn(&str) -> String) -> Self {
        for cell in self.rows.iter_mut().flatten() {
            *cell = change(cell);
        }
        self
    }

    /// Its lines, without spaces at their ends.
    pub fn lines(&self) -> Vec<String> {
        let heading: Vec<String> = self.heading.iter().map(ToString::to_string).collect();
        let all = || std::iter::once(&heading).chain(&self.rows);
        let widths: Vec<usize> = (0..heading.len())
            .map(|column| all().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0))
            .collect();
        let line = |row: &Vec<String>| {
            let mut text = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                text.push_str(cell);
                text.push_str(&" ".repeat(width - cell.width() + 2));
            }
            text.truncate(text.trim_end().len());
            text
        };
        all().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_by_display_width_and_steering_text_is_stripped() {
        let mut table = Table::new(["NAME", "READY"]);
        table.row(["漢字".into(), "1/1".into()]);
        table.row(["a\u{1b}[31mb".into(), String::new()]);
        table.row(["longer-name".into(), "10/10".into()]);
        assert_eq!(table.lines(), ["NAME         READY", "漢字         1/1", "a[31mb", "longer-name  10/10"]);
    }
}
