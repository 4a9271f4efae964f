//! A small bar chart, as SVG without a style or a script.

use std::fmt::Write;

/// Width of a bar with the gap behind it, and the greatest height, in SVG's units.
const STEP: usize = 6;
const HEIGHT: u64 = 40;

/// Bars for `values`, the highest as high as the chart; `label` says the same in words.
pub(super) fn bars(values: &[u64], label: &str) -> String {
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    let width = values.len() * STEP;
    let mut svg = format!(r#"<svg class="bars" role="img" viewBox="0 0 {width} {HEIGHT}" aria-label=""#);
    for character in label.chars() {
        match character {
            '&' => svg.push_str("&amp;"),
            '<' => svg.push_str("&lt;"),
            '"' => svg.push_str("&quot;"),
            other => svg.push(other),
        }
    }
    svg.push_str("\">");
    for (place, value) in values.iter().enumerate() {
        // What is there is seen, however little of the highest bar it is.
        let height = (value * HEIGHT).div_ceil(most);
        // Writing into a string can't fail.
        let _written = write!(
            svg,
            r#"<rect x="{}" y="{}" width="{}" height="{height}"/>"#,
            place * STEP,
            HEIGHT - height,
            STEP - 1
        );
    }
    svg.push_str("</svg>");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_bar_is_as_high_as_the_chart_and_a_small_one_is_seen() {
        let svg = bars(&[0, 1, 1_000], "a & b");
        assert!(svg.contains(r#"<rect x="0" y="40" width="5" height="0"/>"#), "{svg}");
        assert!(svg.contains(r#"<rect x="6" y="39" width="5" height="1"/>"#), "{svg}");
        assert!(svg.contains(r#"<rect x="12" y="0" width="5" height="40"/>"#), "{svg}");
        assert!(svg.contains(r#"aria-label="a &amp; b""#), "{svg}");
    }

    #[test]
    fn a_chart_of_nothing_is_a_chart() {
        assert!(bars(&[], "").contains("viewBox=\"0 0 0 40\""));
        assert!(bars(&[0, 0], "").contains("height=\"0\""));
    }
}
