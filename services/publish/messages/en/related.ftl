# Related news, below an article.

related-title = Related news
