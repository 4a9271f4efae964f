# Pages that say why there is no page.

error-not-found = No such page
error-not-found-text = Nothing is at this address. The link may be wrong, or the article has not been taken in yet.
error-gone = Article retracted
# A reason follows, in the words of whoever retracted it.
error-gone-text = This article was here and has been retracted. The reason:{ " " }
error-internal = Something went wrong
error-internal-text = The server could not make this page. The error has been recorded; please try again later.
