# The operator's desk.

desk-title = Desk
desk-token = Admin token
desk-login = Log in
desk-logout = Log out
desk-wrong-token = That is not the token in KOS_ADMIN_TOKEN.
desk-too-many = Too many wrong tokens came. Wait a minute.
desk-foreign = This form was not sent from a page of the desk, or the session is over. Log in and try again.
desk-failed = That did not work
desk-back = Back to the desk

desk-stages = Pipeline
desk-stage = Stage
desk-event = Event
desk-pending = Pending
desk-in-flight = In flight
desk-handled = Handled in the last hour
desk-oldest = Oldest waits for
desk-published =
    { $count ->
        [one] 1 article reached the site in the last hour
       *[other] { $count } articles reached the site in the last hour
    }
desk-workers = Workers
desk-no-workers = No worker answers.
desk-ready = ready
desk-not-ready = not ready
# Events that a worker has decided on and not sent yet.
desk-outbox = { $count } in the outbox

desk-dead-letters = Dead letters
desk-dead-count =
    { $count ->
        [0] No dead letters
        [one] 1 dead letter
       *[other] { $count } dead letters
    }
desk-no-dead-letters = There are none.
desk-more-dead-letters = { $count } older ones are not shown.
desk-attempts =
    { $count ->
        [one] 1 attempt
       *[other] { $count } attempts
    }
desk-replay = Replay
desk-discard = Discard

desk-feeds = Feeds
desk-no-feeds = No feed is followed.
desk-failing-feeds =
    { $count ->
        [0] All are well.
        [one] One has something wrong.
       *[other] { $count } have something wrong.
    }
desk-feed = Feed
desk-feed-state = State
desk-feed-read = Last read
desk-feed-next = Next poll
desk-feed-a-day = Entries a day
desk-feed-problem = What is wrong

desk-retract = Withdraw an article
desk-retract-article = Its address, its page here, or its id
desk-retract-reason = Reason, which readers will see
desk-retract-do = Withdraw
desk-retract-article-wrong = Expected the address of an article, of its page here, or its id.
desk-retract-reason-missing = Expected a reason that readers can read.

desk-comments = Comments
desk-no-comments = None waits for a decision.
desk-more-comments = More wait behind these.
desk-comment-article = The article
desk-approve = Approve
desk-reject = Reject
