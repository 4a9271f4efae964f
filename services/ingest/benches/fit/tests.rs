//! What the fitter of the judge's trees (`main.rs`) is made of, on small problems.

#![allow(dead_code, reason = "the parts are here for what is tested of them")]

mod bins;
mod booster;
mod folds;
mod labels;
mod score;
mod tree;

use booster::{Samples, Settings, fit};
use folds::folds;
use labels::labels;
use score::{PageScore, Score, score, tokens};

const SETTINGS: Settings = Settings { trees: 60, leaves: 4, shrinkage: 0.2, least_weight: 0.1, l2: 0.1 };

/// A grid of pairs, each with a third number that says nothing; yes where exactly one of the pair is above a half.
fn either_or(weight: f64) -> Samples {
    let mut samples = Samples { width: 3, ..Samples::default() };
    for (x, y) in (0..20).flat_map(|x| (0..20).map(move |y| (x as f32 / 20.0, y as f32 / 20.0))) {
        samples.numbers.extend([x, y, (x * 97.0 + y * 31.0).sin()]);
        samples.labels.push(f32::from(u8::from((x >= 0.5) != (y >= 0.6))));
        samples.weights.push(weight);
    }
    samples
}

fn sum(boosted: &booster::Boosted, numbers: &[f32]) -> f64 {
    boosted.bias + boosted.trees.iter().map(|t| t.answer(numbers)).sum::<f64>()
}

#[test]
fn trees_learn_what_no_single_number_tells() {
    let samples = either_or(1.0);
    let boosted = fit(&samples, &SETTINGS);
    let right =
        samples.rows().zip(&samples.labels).filter(|(row, label)| (sum(&boosted, row) > 0.0) == (**label > 0.5));
    assert_eq!(right.count(), 400);
    let (yes, no) = (sum(&boosted, &[0.2, 0.9, 0.0]), sum(&boosted, &[0.9, 0.9, 0.0]));
    assert!(yes > 2.0 && no < -2.0, "{yes} {no}");
}

#[test]
fn the_same_samples_give_the_same_trees() {
    assert_eq!(fit(&either_or(1.0), &SETTINGS), fit(&either_or(1.0), &SETTINGS));
}

#[test]
fn trees_stay_within_the_settings() {
    let boosted = fit(&either_or(1.0), &Settings { leaves: 3, ..SETTINGS });
    assert!(boosted.trees.iter().all(|t| t.0.len() <= 5) && boosted.trees.len() == SETTINGS.trees);
    // All samples together weigh less than a leaf has to: nothing can be parted.
    let light = fit(&either_or(0.0001), &SETTINGS);
    assert!(light.trees.iter().all(|t| t.0.len() == 1));
}

#[test]
fn a_sample_counts_by_its_weight() {
    let weights = vec![3.0, 1.0];
    let samples = Samples { numbers: vec![0.0, 0.0], width: 1, labels: vec![1.0, 0.0], weights };
    assert_eq!(fit(&samples, &SETTINGS).bias, 1.0986);
}

#[test]
fn trees_are_written_as_the_judge_reads_them() {
    let samples = Samples { numbers: vec![0.0, 1.0], width: 1, labels: vec![0.0, 1.0], weights: vec![1.0; 2] };
    let settings = Settings { trees: 1, leaves: 8, shrinkage: 1.0, l2: 0.25, ..SETTINGS };
    assert_eq!(fit(&samples, &settings).to_string(), "0\n0<0.5?1:2 -1 1\n");
}

#[test]
fn shingles_count_as_often_as_they_stand() {
    let exact = |found: &str| score("one two three four five", found, false);
    assert_eq!(exact("one two, three four five!"), PageScore { precision: Some(1.0), recall: Some(1.0) });
    // Four of "one two three four" twice: five shingles, one of them the article's.
    let twice = exact("one two three four one two three four");
    assert_eq!(twice, PageScore { precision: Some(0.2), recall: Some(0.5) });
    assert_eq!(exact(""), PageScore { precision: None, recall: Some(0.0) });
    // Fewer than four tokens are one shingle.
    assert_eq!(score("one", "one", false).precision, Some(1.0));
}

#[test]
fn pages_are_averaged_before_f1_is_made_of_them() {
    let pages =
        [PageScore { precision: Some(1.0), recall: Some(0.5) }, PageScore { precision: None, recall: Some(0.0) }];
    assert_eq!(Score::of(&pages), Score { f1: 0.4, precision: 1.0, recall: 0.25 });
}

#[test]
fn cjk_characters_are_tokens_where_asked_for() {
    assert_eq!(tokens("大桥 is_closed，2024年", true), ["大", "桥", "is_closed", "2024", "年"]);
    assert_eq!(tokens("大桥 is_closed，2024年", false), ["大桥", "is_closed", "2024年"]);
}

#[test]
fn lines_are_labelled_by_what_the_article_has_of_them_once_and_in_order() {
    let article = "The bridge is closed. A ferry runs. Home at last.";
    let lines =
        ["Home", "The bridge is closed.", "Share", "A ferry runs, says X. Y", "Home at last.", "A ferry runs.", "—"];
    assert_eq!(labels(&lines, article, false), [0.0, 1.0, 0.0, 0.5, 1.0, 0.0, 0.0]);
    assert_eq!(labels(&["大桥", "关闭"], "关闭了", true), [0.0, 1.0]);
    assert_eq!(labels(&[], "", false), [0.0; 0]);
}

#[test]
fn folds_have_the_same_share_of_each_set_in_whatever_order_pages_come() {
    let keys: Vec<String> = (0..23).map(|n| n.to_string()).collect();
    let mut pages: Vec<(&str, &str)> = keys.iter().map(|k| (if k.len() > 1 { "a" } else { "b" }, k.as_str())).collect();
    let dealt = folds(&pages, 5, "");
    for set in ["a", "b"] {
        for fold in 0..5 {
            let of_fold = pages.iter().zip(&dealt).filter(|((s, _), f)| *s == set && **f == fold);
            assert!((2..=3).contains(&of_fold.count()));
        }
    }
    pages.reverse();
    assert!(folds(&pages, 5, "").into_iter().rev().eq(dealt.iter().copied()));
    pages.reverse();
    assert_ne!(folds(&pages, 5, "b"), dealt);
}
