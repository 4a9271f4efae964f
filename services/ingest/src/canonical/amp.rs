//! Addresses of AMP viewers and caches, which contain the address of the page that they show.

use kos_shared::event::HttpUrl;
use url::Url;

/// Ends of the hosts of AMP caches.
const CACHES: [&str; 2] = [".cdn.ampproject.org", ".bing-amp.com"];

/// What stands behind `google.` in the domains that are Google's, without those endings under which anybody may have
/// the name (<https://www.google.com/supported_domains>).
const GOOGLE: &str = "com ad ae com.af com.ag al am co.ao com.ar as at com.au az ba com.bd be bf bg com.bh bi bj \
    com.bn com.bo com.br bs bt co.bw by com.bz ca cd cg ch ci co.ck cl cm cn com.co co.cr com.cu cv com.cy cz de dj dk \
    dm com.do dz com.ec ee com.eg es com.et fi com.fj fm fr ge gg com.gh com.gi gl gm gr com.gt gy com.hk hn hr ht hu \
    co.id ie co.il im co.in iq is it je com.jm jo co.jp co.ke com.kh ki kg co.kr com.kw kz la com.lb li lk co.ls lt lu \
    lv com.ly co.ma md me mg mk com.mm mn com.mt mu mv mw com.mx com.my co.mz com.na com.ng com.ni ne nl no com.np nr \
    nu co.nz com.om com.pa com.pe com.pg com.ph com.pk pl pn com.pr ps pt com.py com.qa ro ru rw com.sa com.sb sc se \
    com.sg sh si sk com.sl sn so sm sr st com.sv td tg co.th com.tj tl tm tn to com.tr tt com.tw co.tz com.ua co.ug \
    co.uk com.uy co.uz com.vc co.ve co.vi com.vn vu ws rs co.za co.zm co.zw cat";

/// The address inside one of an AMP cache (`…cdn.ampproject.org/c/s/example.com/a`) or of Google's viewer
/// (`www.google.com/amp/s/example.com/a`), however often it is wrapped; the `s` stands for https. One from https stays
/// there.
pub(super) fn inside(url: &HttpUrl) -> Option<HttpUrl> {
    let mut found = unwrapped(url.as_url())?;
    while let Some(inner) = unwrapped(&found) {
        found = inner;
    }
    HttpUrl::try_from(found).ok()
}

fn unwrapped(url: &Url) -> Option<Url> {
    let host = url.host_str()?;
    let path = url.path();
    let inside = if CACHES.iter().any(|end| host.ends_with(end)) {
        ["/c/", "/v/"].iter().find_map(|start| path.strip_prefix(start))?
    } else {
        path.strip_prefix("/amp/").filter(|_| is_google(host))?
    };
    let (secure, inside) = inside.strip_prefix("s/").map_or((url.scheme() == "https", inside), |rest| (true, rest));
    let scheme = if secure { "https" } else { "http" };
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let inside = Url::parse(&format!("{scheme}://{inside}{query}")).ok()?;
    inside.host_str().is_some_and(|host| host.contains('.')).then_some(inside)
}

fn is_google(host: &str) -> bool {
    host.strip_prefix("www.google.").is_some_and(|end| GOOGLE.split_ascii_whitespace().any(|own| own == end))
}
