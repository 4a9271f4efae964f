//! `kos dead`: what could not be handled.

use anstream::{eprintln, println};
use kos_shared::{
    config::Config,
    operator::{DeadLetter, Operator},
};

use crate::{
    Ended,
    arguments::{Dead, Selection},
    output::{counted, cut, print_json, print_table, time},
};

pub async fn run(arguments: Dead, config: &Config, as_json: bool) -> anyhow::Result<Ended> {
    let operator = Operator::connect(&config.nats).await?;
    match arguments {
        Dead::List { service } => {
            let letters = operator.dead_letters(service.map(|s| s.as_str())).await?;
            if as_json {
                print_json(&letters)?
            } else {
                list(letters)
            }
            Ok(Ended::Done)
        }
        Dead::Show { number } => show(&operator, number, as_json).await,
        Dead::Replay(selection) => for_each(&operator, selection, true, as_json).await,
        Dead::Discard(selection) => for_each(&operator, selection, false, as_json).await,
    }
}

fn list(letters: Vec<DeadLetter>) {
    if letters.is_empty() {
        println!("no dead letters");
        return;
    }
    let number = letters.len();
    let rows = letters.into_iter().map(|l| {
        vec![
            l.number.to_string(),
            time(l.dead_since),
            l.service,
            l.attempts.to_string(),
            cut(l.subject.as_deref().unwrap_or(&l.event_id), 60),
            cut(&l.reason, 100),
        ]
    });
    print_table(&["number", "dead since", "service", "attempts", "about", "reason"], rows);
    println!("{}; `kos dead show NUMBER` shows one whole", counted(number, "dead letter"));
}

async fn show(operator: &Operator, number: u64, as_json: bool) -> anyhow::Result<Ended> {
    let Some(letter) = operator.dead_letter(number).await? else {
        println!("no dead letter has the number {number}");
        return Ok(Ended::Failed);
    };
    let message = letter.message;
    let body = String::from_utf8_lossy(&message.body);
    if as_json {
        let headers: Vec<_> = message.headers.iter().map(|(n, v)| [n, v]).collect();
        print_json(&serde_json::json!({"number": number, "headers": headers, "body": body}))?;
    } else {
        for (name, value) in &message.headers {
            println!("{name}: {value}");
        }
        println!("\n{body}");
    }
    Ok(Ended::Done)
}

async fn for_each(operator: &Operator, selection: Selection, replay: bool, as_json: bool) -> anyhow::Result<Ended> {
    let mut letters: Vec<(u64, Option<DeadLetter>)> = Vec::new();
    if selection.all {
        letters.extend(operator.dead_letters(None).await?.into_iter().map(|letter| (letter.number, Some(letter))));
    }
    for number in selection.numbers {
        letters.push((number, operator.dead_letter(number).await?));
    }
    let mut done = Vec::new();
    for (number, letter) in &letters {
        let Some(letter) = letter else {
            eprintln!("no dead letter has the number {number}");
            continue;
        };
        let ended = if replay { operator.replay(letter).await } else { operator.discard(*number).await };
        match ended {
            Ok(()) => done.push(*number),
            Err(error) => eprintln!("dead letter {number}: {error}"),
        }
    }
    let verb = if replay { "replayed" } else { "discarded" };
    if as_json {
        print_json(&serde_json::json!({ verb: done }))?;
    } else {
        println!("{} {verb}", counted(done.len(), "dead letter"));
    }
    Ok(match done.len() {
        n if n == letters.len() => Ended::Done,
        0 => Ended::Failed,
        _ => Ended::Partly,
    })
}
