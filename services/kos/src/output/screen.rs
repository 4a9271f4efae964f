//! A screen that is drawn in place again and again, without a flicker: the cursor goes home, each line is cleared behind
//! what stands in it, and what is left of the last drawing is cleared below.

use std::{
    fmt::Write as _,
    io::{IsTerminal, Result, Write, stdout},
};

use anstream::{AutoStream, ColorChoice, adapter::strip_str};

/// What a terminal is told first: an empty screen, no cursor, and lines that are cut rather than broken.
const BEGIN: &str = "\x1b[2J\x1b[?25l\x1b[?7l";

/// What undoes that.
const END: &str = "\x1b[?7h\x1b[?25h";

/// Standard output as a screen. Where it is no terminal, drawings follow each other.
pub struct Screen {
    is_terminal: bool,
    colours: bool,
    begun: bool,
}

impl Screen {
    /// Nothing is changed before the first drawing.
    pub fn new() -> Self {
        let stdout = stdout();
        let colours = AutoStream::choice(&stdout) != ColorChoice::Never;
        Self { is_terminal: stdout.is_terminal(), colours, begun: false }
    }

    /// Draws lines in place of the last ones.
    ///
    /// # Errors
    /// Standard output is closed, or can't be written to.
    pub fn draw(&mut self, text: &str) -> Result<()> {
        let text = if self.colours { text.to_owned() } else { strip_str(text).to_string() };
        let drawing = match (self.is_terminal, self.begun) {
            (true, true) => frame(&text, rows()),
            (true, false) => format!("{BEGIN}{}", frame(&text, rows())),
            (false, true) => format!("\n{text}"),
            (false, false) => text,
        };
        self.begun = true;
        // One write, so that no half of it is seen.
        let mut stdout = stdout().lock();
        stdout.write_all(drawing.as_bytes())?;
        stdout.flush()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        if self.is_terminal && self.begun {
            let mut stdout = stdout().lock();
            // There is nobody to tell.
            let _ = stdout.write_all(END.as_bytes()).and_then(|()| stdout.flush());
        }
    }
}

/// How many lines the terminal has, where it says so.
fn rows() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(stdout()).ok()?;
    Some(usize::from(size.ws_row)).filter(|rows| *rows > 0)
}

/// One drawing. Of more lines than there is room for, the last ones are left out: the terminal would scroll.
fn frame(text: &str, rows: Option<usize>) -> String {
    let lines: Vec<&str> = text.lines().collect();
    // The cursor ends below the last line.
    let room = rows.map_or(lines.len(), |rows| rows.saturating_sub(1)).max(1);
    let (shown, left_out) = match lines.len() {
        all if all <= room => (all, 0),
        all => (room - 1, all - room + 1),
    };
    let mut frame = "\x1b[H".to_owned();
    for line in &lines[..shown] {
        // Writing to a string never fails.
        let _ = writeln!(frame, "{line}\x1b[K");
    }
    if left_out > 0 {
        let _ = writeln!(frame, "… and {left_out} lines more, for a higher window\x1b[K");
    }
    frame.push_str("\x1b[J");
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawing_goes_over_the_last_one_and_clears_what_is_left_of_it() {
        assert_eq!(frame("a\nb\n", None), "\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J");
    }

    #[test]
    fn a_drawing_is_never_higher_than_the_window() {
        let text = "1\n2\n3\n4\n5\n";
        assert_eq!(frame(text, Some(6)).lines().count() - 1, 5);
        let cut = frame(text, Some(4));
        assert_eq!(cut.lines().count() - 1, 3);
        assert!(cut.contains('2') && !cut.contains("3\x1b[K") && cut.contains("3 lines more"), "{cut}");
    }
}
