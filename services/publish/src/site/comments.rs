//! Comments as readers see them: the section of an article's page, the forms, and the feed.

use askama::Template;
use jiff::Timestamp;
use kos_shared::event::ArticleId;
use uuid::Uuid;

use super::{
    Frame, Messages, SiteInfo,
    article::Time,
    feed::{Entry, Feed, Format, Moment},
    languages,
    messages::ENGLISH,
    page_path, rendered,
};
use crate::comments::{
    Comment, State,
    draft::{Draft, LINKS, NAME_CHARS, Refusal, TEXT_CHARS},
    state::{About, Titled, may_change},
    text::{Piece, one_line, pieces},
};

/// What the section of an article's page is made of.
#[derive(Debug, Clone)]
pub struct Section<'a> {
    /// The article.
    pub article_id: ArticleId,
    /// What the reader may see, in the order in which it was written.
    pub comments: &'a [Comment],
    /// Who reads.
    pub reader: Option<Uuid>,
    /// When.
    pub now: Timestamp,
    /// What just happened to a comment, as the address has it.
    pub notice: Option<&'a str>,
    /// What the form is signed with.
    pub token: String,
    /// Whether comments wait for approval.
    pub is_moderated: bool,
}

/// What the page of a form is made of.
#[derive(Debug, Clone)]
pub struct CommentForm<'a> {
    /// The article.
    pub about: &'a About,
    /// The comment that is answered.
    pub answered: Option<&'a Comment>,
    /// The comment that is changed.
    pub edited: Option<&'a Comment>,
    /// What was typed.
    pub draft: &'a Draft,
    /// What is wrong with it.
    pub refusals: &'a [Refusal],
    /// What the form is signed with.
    pub token: String,
    /// Whether comments wait for approval.
    pub is_moderated: bool,
}

#[derive(Template)]
#[template(path = "comments/section.html")]
struct SectionView<'a> {
    m: &'a Messages,
    heading: String,
    article_id: ArticleId,
    notice: Option<String>,
    threads: Vec<Thread<'a>>,
    form: Form<'a>,
}

/// A comment and its answers.
struct Thread<'a> {
    first: View<'a>,
    answers: Vec<View<'a>>,
}

struct View<'a> {
    id: Uuid,
    anchor: String,
    article_path: String,
    name: &'a str,
    paragraphs: Vec<Vec<Vec<Piece<'a>>>>,
    posted: Time,
    is_changed: bool,
    is_waiting: bool,
    is_deleted: bool,
    may_be_answered: bool,
    may_be_changed: bool,
}

struct Form<'a> {
    action: String,
    /// The id of the heading above.
    label: &'static str,
    token: String,
    parent: Option<&'a str>,
    name: &'a str,
    text: &'a str,
    refusals: Vec<String>,
    name_is_wrong: bool,
    text_is_wrong: bool,
    name_chars: usize,
    text_chars: usize,
    rules: String,
    send: String,
}

#[derive(Template)]
#[template(path = "comments/form.html")]
struct FormPage<'a> {
    frame: Frame<'a>,
    m: &'a Messages,
    heading: String,
    article_path: String,
    title: &'a str,
    lang: &'a str,
    answered: Option<View<'a>>,
    form: Form<'a>,
}

#[derive(Template)]
#[template(path = "comments/deletion.html")]
struct DeletionPage<'a> {
    frame: Frame<'a>,
    m: &'a Messages,
    article_path: String,
    title: &'a str,
    lang: &'a str,
    comment: View<'a>,
    action: String,
    token: String,
}

#[derive(Template)]
#[template(path = "comments/told.html")]
struct ToldPage<'a> {
    frame: Frame<'a>,
    m: &'a Messages,
    text: String,
    article_path: String,
    title: &'a str,
    lang: &'a str,
}

#[derive(Template)]
#[template(path = "comments/said.html", ext = "html")]
struct Said<'a> {
    comment: Paragraphs<'a>,
}

struct Paragraphs<'a> {
    paragraphs: Vec<Vec<Vec<Piece<'a>>>>,
}

/// The section of comments on an article's page.
pub fn render_comments(messages: &Messages, section: &Section<'_>) -> String {
    let shown = section.comments.iter().filter(|comment| comment.state == State::Approved).count();
    let notice = match section.notice {
        Some("waiting") => Some("comments-notice-waiting"),
        Some("posted") => Some("comments-notice-posted"),
        Some("deleted") => Some("comments-notice-deleted"),
        _ => None,
    };
    rendered(&SectionView {
        m: messages,
        heading: messages.with("comments-title", &[("count", shown.into())]),
        article_id: section.article_id,
        notice: notice.map(|id| messages.text(id).into_owned()),
        threads: threads(messages, section),
        form: Form {
            action: format!("{}/comments", page_path(section.article_id)),
            token: section.token.clone(),
            rules: rules(messages, section.is_moderated),
            ..Form::empty(messages)
        },
    })
}

/// The page of a form.
pub fn render_comment_form(site: &SiteInfo, messages: &Messages, page: &CommentForm<'_>) -> String {
    let article_path = page_path(page.about.article_id);
    let wrong = |about: fn(Refusal) -> bool| page.refusals.iter().any(|refusal| about(*refusal));
    let action = match page.edited {
        Some(comment) => format!("{article_path}/comments/{}/edit", comment.comment_id),
        None => format!("{article_path}/comments"),
    };
    let answers = page.answered.map(|comment| format!("reply={}", comment.comment_id)).unwrap_or_default();
    let heading = match (page.edited, page.answered) {
        (Some(_), _) => "comments-editing",
        (None, Some(_)) => "comments-replying",
        (None, None) => "comments-post",
    };
    rendered(&FormPage {
        frame: Frame::new(site, messages).keeping(&answers),
        m: messages,
        heading: messages.text(heading).into_owned(),
        title: &page.about.title,
        lang: languages::lang(&page.about.language),
        answered: page.answered.map(|comment| View::new(messages, comment)),
        form: Form {
            action,
            token: page.token.clone(),
            parent: page.draft.parent.as_deref(),
            name: &page.draft.name,
            text: &page.draft.text,
            refusals: page.refusals.iter().map(|refusal| said(messages, *refusal)).collect(),
            name_is_wrong: wrong(Refusal::is_about_name),
            text_is_wrong: wrong(Refusal::is_about_text),
            rules: rules(messages, page.is_moderated),
            ..Form::empty(messages)
        },
        article_path,
    })
}

/// The page that asks whether a comment is to be deleted.
pub fn render_deletion(
    site: &SiteInfo,
    messages: &Messages,
    about: &About,
    comment: &Comment,
    token: String,
) -> String {
    let article_path = page_path(about.article_id);
    rendered(&DeletionPage {
        frame: Frame::new(site, messages),
        m: messages,
        action: format!("{article_path}/comments/{}/delete", comment.comment_id),
        article_path,
        title: &about.title,
        lang: languages::lang(&about.language),
        comment: View::new(messages, comment),
        token,
    })
}

/// A page that says why something can't be done, by the id of its message.
pub fn render_told(site: &SiteInfo, messages: &Messages, about: &About, message: &str) -> String {
    rendered(&ToldPage {
        frame: Frame::new(site, messages),
        m: messages,
        text: messages.text(message).into_owned(),
        article_path: page_path(about.article_id),
        title: &about.title,
        lang: languages::lang(&about.language),
    })
}

/// The feed of comments (Atom, RFC 4287), the newest first; of one article where that is named. Without comments it was last
/// changed when it was `empty_since`.
pub fn render_comments_feed(
    site: &SiteInfo,
    comments: &[Titled],
    article: Option<ArticleId>,
    empty_since: Timestamp,
) -> String {
    let messages = Messages::of(&site.language).unwrap_or(&ENGLISH);
    let title = messages.with("comments-feed-title", &[("site", one_line(&site.name).into())]);
    let path = article.map_or("/".to_owned(), page_path);
    let query = article.map_or_else(String::new, |id| format!("?article={id}"));
    let newest = comments.iter().map(|titled| titled.comment.changed_at).max();
    let entries = comments.iter().map(|titled| entry(site, messages, titled)).collect();
    let place = (path.as_str(), "/comments", query);
    Feed::of_entries(site, &title, &messages.language, place, newest.unwrap_or(empty_since), entries)
        .render(Format::Atom)
}

fn entry<'a>(site: &SiteInfo, messages: &Messages, Titled { comment, title }: &'a Titled) -> Entry<'a> {
    let (name, title) = (one_line(&comment.name), one_line(title));
    let named = [("name", name.as_str().into()), ("title", title.into())];
    let said = rendered(&Said { comment: Paragraphs { paragraphs: pieces(&comment.text) } });
    let posted = Moment::new(comment.posted_at);
    Entry {
        id: comment.comment_id.to_string(),
        title: messages.with("comments-feed-entry", &named).into(),
        // Nobody knows what people write in.
        lang: "",
        page_url: format!("{}#{}", site.page_url(comment.article_id), comment.anchor()),
        original_url: None,
        authors: vec![name.into()],
        published: Some(posted),
        added: posted,
        updated: Moment::new(comment.changed_at),
        tags: vec![],
        summary: None,
        body: Some(said.into()),
    }
}

/// Comments with their answers. An answer to what is not shown stands by itself, and the place of a deleted comment is
/// kept where somebody answered it.
fn threads<'a>(messages: &Messages, section: &Section<'a>) -> Vec<Thread<'a>> {
    let view = |comment: &'a Comment| {
        let is_approved = comment.state == State::Approved;
        View {
            may_be_answered: is_approved && comment.parent_id.is_none(),
            may_be_changed: may_change(comment, section.reader, section.now).is_ok(),
            ..View::new(messages, comment)
        }
    };
    let mut threads: Vec<Thread<'a>> = vec![];
    for comment in section.comments {
        let answers_to = |thread: &&mut Thread<'_>| Some(thread.first.id) == comment.parent_id;
        let place = threads.iter_mut().find(answers_to);
        match place {
            Some(thread) if comment.state != State::Deleted => thread.answers.push(view(comment)),
            Some(_) => {}
            None => threads.push(Thread { first: view(comment), answers: vec![] }),
        }
    }
    threads.retain(|thread| !thread.first.is_deleted || !thread.answers.is_empty());
    threads
}

impl<'a> View<'a> {
    fn new(messages: &Messages, comment: &'a Comment) -> Self {
        Self {
            id: comment.comment_id,
            anchor: comment.anchor(),
            article_path: page_path(comment.article_id),
            name: &comment.name,
            paragraphs: pieces(&comment.text),
            posted: Time::new(messages, comment.posted_at),
            is_changed: comment.revision > 1,
            is_waiting: comment.state == State::Pending,
            is_deleted: comment.state == State::Deleted,
            may_be_answered: false,
            may_be_changed: false,
        }
    }
}

impl Form<'_> {
    fn empty(messages: &Messages) -> Self {
        Self {
            action: String::new(),
            label: "comments-post",
            token: String::new(),
            parent: None,
            name: "",
            text: "",
            refusals: vec![],
            name_is_wrong: false,
            text_is_wrong: false,
            name_chars: NAME_CHARS,
            text_chars: TEXT_CHARS,
            rules: String::new(),
            send: messages.text("comments-send").into_owned(),
        }
    }
}

fn rules(messages: &Messages, is_moderated: bool) -> String {
    let rules = messages.with("comments-rules", &[("links", LINKS.into())]);
    if !is_moderated {
        return rules;
    }
    format!("{rules}{}{}", languages::sentence_gap(&messages.language), messages.text("comments-rules-moderated"))
}

fn said(messages: &Messages, refusal: Refusal) -> String {
    let limit = match refusal {
        Refusal::NameTooLong => NAME_CHARS,
        Refusal::TextTooLong => TEXT_CHARS,
        Refusal::TooManyLinks => LINKS,
        _ => return messages.text(refusal.message()).into_owned(),
    };
    messages.with(refusal.message(), &[("limit", limit.into())])
}

#[cfg(test)]
mod tests {
    use kos_shared::event::Language;
    use roxmltree::Document;

    use super::{
        super::{fixtures, messages::CHINESE},
        *,
    };

    const NOW: &str = "2026-01-22T06:05:00Z";

    fn comment(number: u128, change: impl FnOnce(&mut Comment)) -> Comment {
        let posted_at = "2026-01-22T06:00:00Z".parse().unwrap();
        let mut comment = Comment {
            comment_id: Uuid::from_u128(number),
            article_id: fixtures::summarized().article.article_id,
            parent_id: None,
            author_id: Uuid::from_u128(900 + number),
            name: format!("Reader {number}"),
            text: format!("Words {number}"),
            state: State::Approved,
            revision: 1,
            posted_at,
            changed_at: posted_at,
        };
        change(&mut comment);
        comment
    }

    fn section(comments: &[Comment], reader: Option<u128>, notice: Option<&str>) -> String {
        let section = Section {
            article_id: fixtures::summarized().article.article_id,
            comments,
            reader: reader.map(Uuid::from_u128),
            now: NOW.parse().unwrap(),
            notice,
            token: "t".into(),
            is_moderated: true,
        };
        render_comments(&CHINESE, &section)
    }

    #[test]
    fn an_article_without_comments_invites_the_first() {
        let html = section(&[], None, None);
        assert!(html.contains("暂无评论") && html.contains("发表评论"), "{html}");
        assert!(!html.contains("role=\"status\""), "{html}");
    }

    #[test]
    fn what_happened_is_said_and_nothing_else_is() {
        assert!(section(&[], None, Some("waiting")).contains("role=\"status\""));
        assert!(!section(&[], None, Some("<script>")).contains("script"));
    }

    #[test]
    fn hostile_comments_are_text() {
        let hostile = format!("{} https://a.example/\"onmouseover=x <img src=x onerror=y>", fixtures::HOSTILE);
        let comments = [comment(1, |c| (c.name, c.text) = (hostile.clone(), hostile.clone()))];
        let html = section(&comments, None, None);
        assert!(!html.contains("<script>") && !html.contains("<img") && !html.contains("\"onmouse"), "{html}");
        assert!(html.contains(r#"<a href="https://a.example/" rel="nofollow ugc noopener">"#), "{html}");
    }

    #[test]
    fn answers_stand_below_what_they_answer() {
        let answer = |number, parent| comment(number, |c| c.parent_id = Some(Uuid::from_u128(parent)));
        let deleted = comment(3, |c| c.state = State::Deleted);
        let lonely = comment(6, |c| c.state = State::Deleted);
        let html =
            section(&[comment(1, |_| {}), deleted, answer(4, 3), answer(5, 1), answer(7, 99), lonely], None, None);
        let at = |text: &str| html.find(text).unwrap_or_else(|| panic!("no {text} in {html}"));
        assert!(at("Words 1") < at("Words 5") && at("Words 5") < at("Words 4"), "{html}");
        assert!(at("评论已删除") < at("Words 4") && html.matches("评论已删除").count() == 1, "{html}");
        assert!(html.contains("Words 7"));
        assert_eq!(html.matches("?reply=").count(), 1, "answers were offered answers: {html}");
    }

    #[test]
    fn only_its_author_may_change_a_comment_and_only_for_a_while() {
        let fresh = [comment(1, |_| {})];
        assert!(section(&fresh, Some(901), None).contains("/edit\""));
        assert!(!section(&fresh, Some(902), None).contains("/edit\""));
        assert!(!section(&fresh, None, None).contains("/edit\""));
        let old = [comment(1, |c| c.posted_at = "2026-01-22T05:54:59Z".parse().unwrap())];
        assert!(!section(&old, Some(901), None).contains("/edit\""));
    }

    #[test]
    fn a_form_comes_back_with_what_was_typed_and_what_is_wrong() {
        let about = About {
            article_id: fixtures::summarized().article.article_id,
            title: fixtures::HOSTILE.into(),
            language: Language::ENGLISH,
        };
        let draft = Draft { name: "\"><script>".into(), text: "\n</textarea><script>".into(), ..Draft::default() };
        let html = render_comment_form(
            &fixtures::site(),
            &ENGLISH,
            &CommentForm {
                about: &about,
                answered: None,
                edited: None,
                draft: &draft,
                refusals: &[Refusal::TooManyLinks],
                token: "t".into(),
                is_moderated: true,
            },
        );
        assert!(!html.contains("<script>") && html.matches("</textarea>").count() == 1, "{html}");
        assert!(html.contains("&#60;/textarea&#62;") && html.contains("at most 2 links"), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
    }

    #[test]
    fn an_answer_stays_one_in_another_language_of_the_interface() {
        let article = fixtures::summarized().article;
        let about = About { article_id: article.article_id, title: article.title, language: article.language };
        let (first, draft) = (comment(7, |_| {}), Draft::default());
        let form = |answered| CommentForm {
            about: &about,
            answered,
            edited: None,
            draft: &draft,
            refusals: &[],
            token: "t".into(),
            is_moderated: true,
        };
        let html = render_comment_form(&fixtures::site(), &ENGLISH, &form(Some(&first)));
        assert!(html.contains(&format!(r#"<a href="?reply={}&#38;lang=zh""#, first.comment_id)), "{html}");
        let html = render_comment_form(&fixtures::site(), &ENGLISH, &form(None));
        assert!(html.contains(r#"<a href="?lang=zh""#), "{html}");
    }

    #[test]
    fn every_refusal_has_its_words() {
        use Refusal::*;
        let all = [
            NameMissing,
            NameTooLong,
            TextMissing,
            TextTooLong,
            TooManyLinks,
            Trapped,
            FormUnknown,
            FormTooOld,
            TooFast,
            Elsewhere,
            Duplicate,
            NothingToAnswer,
            AddressLimit,
            GlobalLimit,
            TooLate,
            ChangedMeanwhile,
            TooManyChanges,
        ];
        for refusal in all {
            assert_ne!(said(&CHINESE, refusal), refusal.message());
        }
    }

    #[test]
    fn the_feed_is_a_feed_whatever_is_said() {
        let hostile = Titled {
            comment: comment(1, |c| {
                c.text = format!("{} https://a.example/?a&b", fixtures::HOSTILE.replace('\u{b}', ""))
            }),
            title: fixtures::HOSTILE.into(),
        };
        let xml = render_comments_feed(&fixtures::site(), &[hostile], None, Timestamp::UNIX_EPOCH);
        let document = Document::parse(&xml).unwrap_or_else(|e| panic!("{e}: {xml}"));
        let content = document.descendants().find(|n| n.has_tag_name(("http://www.w3.org/2005/Atom", "content")));
        let html = content.and_then(|n| n.text()).unwrap();
        assert!(html.contains(r#"<a href="https://a.example/?a&#38;b" rel="nofollow ugc noopener">"#), "{html}");
        assert!(!html.contains("<script>"), "{html}");
        let today = "2026-01-22T00:00:00Z";
        let empty = render_comments_feed(&fixtures::site(), &[], None, today.parse().unwrap());
        assert!(Document::parse(&empty).is_ok() && empty.contains(&format!("<updated>{today}</updated>")), "{empty}");
    }
}
