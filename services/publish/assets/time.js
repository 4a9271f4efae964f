// Writes times in the reader's time zone. Without it they stand in the zone in which they were published.
{
  const page = document.documentElement.lang;
  const own = navigator.languages.find((tag) => tag.split("-")[0] === page.split("-")[0]);
  const format = new Intl.DateTimeFormat(own ?? page, {
    year: "numeric", month: "long", day: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23",
  });
  for (const time of document.querySelectorAll("time.local")) {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
  }
}
