# What readers say about articles.

comments-title = { $count ->
    [0] Comments
    [one] { $count } comment
   *[other] { $count } comments
}
comments-none = No comments yet
comments-post = Post a comment
comments-replying = Answer a comment
comments-editing = Change your comment
comments-deletion = Delete your comment?
comments-name = Name
comments-text = Comment
comments-send = Send
# The label of a field that people don't see, for those whose browser reads it to them.
comments-trap = Leave this field empty
comments-rules = Text only; an empty line begins a paragraph. At most { $links } links. You can change or delete it for 10 minutes.
comments-rules-moderated = It is shown once it is approved.
comments-reply = Reply
comments-edit = Change
comments-delete = Delete
comments-keep = Keep it
comments-back = Back to the article
comments-changed = changed
comments-waits = waits for approval, only you see it
comments-deleted = This comment was deleted
comments-feed = Comments

# What happened to a comment.
comments-notice-waiting = Thank you. Your comment waits for approval; until then only you see it.
comments-notice-posted = Thank you. Your comment is here.
comments-notice-deleted = Your comment was deleted.

# Why a comment was not taken.
comments-name-missing = Name: expected at least one character that can be seen.
comments-name-too-long = Name: expected at most { $limit } characters.
comments-text-missing = Comment: expected at least one character that can be seen.
comments-text-too-long = Comment: expected at most { $limit } characters.
comments-too-many-links = Expected at most { $limit } links in the comment, and none in the name.
comments-trapped = The field that was to be left empty is filled in. Send the form again without it.
comments-form-unknown = The form could not be recognised. Please send it again from here.
comments-form-too-old = The form was open for more than a day. Please send it again.
comments-too-fast = That was faster than anyone writes. Wait a few seconds and send it again.
comments-elsewhere = The form was sent from another site, so nothing was done. Please send it again from here.
comments-duplicate = The same has been said about this article already.
comments-nothing-to-answer = The comment that you answer is not there any more, or is an answer itself.
comments-address-limit = Too many comments came from your network. Please try again later.
comments-global-limit = Too many comments are coming in. Please try again in a few minutes.
comments-too-late = A comment can be changed for 10 minutes, and they are over.
comments-too-many-changes = This comment was changed too often.
comments-not-yours = Only its author can change this comment, in the browser that it was written in.
comments-changed-meanwhile = The comment was changed at the same time. Please look again.

# The feed.
comments-feed-title = { $site }: comments
comments-feed-entry = { $name } on “{ $title }”
