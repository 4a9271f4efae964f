// Says how many articles came since the page was made, without moving anything. The page works without it.
(() => {
  const place = document.getElementById("live");
  if (!place || !window.EventSource || !window.Intl?.PluralRules) return;
  const link = document.createElement("a");
  link.href = place.dataset.page;
  const forms = new Intl.PluralRules(document.documentElement.lang);
  const numbers = new Intl.NumberFormat("en");
  const fresh = new Set();
  let last = place.dataset.after;
  let source;
  let again;

  const heard = (event) => {
    last = event.lastEventId || last;
    let path;
    try {
      path = JSON.parse(event.data).path;
    } catch {
      return;
    }
    if (fresh.has(path) || document.querySelector(`main a[href="${CSS.escape(path)}"]`)) return;
    fresh.add(path);
    const form = forms.select(fresh.size) === "one" ? place.dataset.one : place.dataset.other;
    link.textContent = form.replace("#", numbers.format(fresh.size));
    if (!link.isConnected) place.append(link);
  };

  // A browser has few connections to a site: pages that nobody looks at give theirs back.
  const listen = () => {
    clearTimeout(again);
    if (document.hidden || source) return;
    const address = new URL(place.dataset.live, location.href);
    if (last) address.searchParams.set("after", last);
    source = new EventSource(address);
    source.addEventListener("article", heard);
    source.addEventListener("error", () => {
      // What was refused is not asked for again by the browser.
      if (source?.readyState !== EventSource.CLOSED) return;
      source = undefined;
      again = setTimeout(listen, 30000 + Math.random() * 30000);
    });
  };
  const hush = () => {
    clearTimeout(again);
    source?.close();
    source = undefined;
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? hush() : listen()));
  addEventListener("pagehide", hush);
  addEventListener("pageshow", listen);
  listen();
})();
