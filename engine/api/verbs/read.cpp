// GET of one object, and of a list.
#include <utility>

#include "engine/api/options.h"
#include "engine/api/respond.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/selector.h"

namespace engine {
namespace {

constexpr size_t kStorePageMax = 2000;
constexpr std::string_view kInconsistent =
    "The provided continue parameter is too old to display a consistent list result. You can start "
    "a new list without the continue parameter, or use the continue token in this response to "
    "retrieve the remainder of the results. Continuing with the provided token results in an "
    "inconsistent list - objects that were created, modified, or deleted between the time the "
    "first chunk was returned and now may show up in the list.";

struct Wanted {
  Selector selector;
  size_t limit = 0;
  std::string after_key;
};

struct Found {
  std::vector<Bytes> objects;
  Revision revision = 0;
  std::string last_key;  // where a next page goes on; empty: there is none
  uint64_t rest = 0;
};

std::string list_prefix(const ApiCall& call) {
  std::string prefix = call.kind->namespaced() && !call.info.ns.empty()
                           ? call.kind->key(call.info.ns, "")
                           : call.kind->key_prefix();
  if (!prefix.ends_with('/')) prefix += '/';
  return prefix;
}

Found take(const ApiCall& call, Dispatcher::Snapshot snapshot) {
  Found out;
  out.revision = snapshot.revision;
  out.rest = snapshot.rest;
  out.objects.reserve(snapshot.objects.size());
  for (const auto& object : snapshot.objects) out.objects.push_back(object->bytes);
  if (snapshot.more && !snapshot.objects.empty()) {
    const auto& last = *snapshot.objects.back();
    out.last_key = call.kind->key(last.ns, last.name);
  }
  return out;
}

std::string key_of(const Kind& kind, const Bytes& object) {
  auto metadata = scan(*object, {"metadata"});
  return kind.key(scan_text(scan(metadata, {"namespace"})), scan_text(scan(metadata, {"name"})));
}

bool matches(const Selector& selector, const Bytes& object) {
  if (selector.empty()) return true;
  auto metadata = scan(*object, {"metadata"});
  auto name = scan_text(scan(metadata, {"name"}));
  auto ns = scan_text(scan(metadata, {"namespace"}));
  return selector.matches(ObjectView(ns, name, *object));
}

// From the store, at a revision that no cache holds any more.
Result<Found> list_old(ApiCall& call, const Wanted& wanted, Revision at) {
  Found out;
  std::string after = wanted.after_key;
  // With a selector a page is filled from as many of the store's as it takes.
  bool exact_pages = wanted.selector.empty() && wanted.limit != 0;
  size_t page_max = exact_pages ? wanted.limit : kStorePageMax;
  while (true) {
    auto page = TRY(call.parts.registry.list(*call.kind, call.info.ns, at, after, page_max));
    out.revision = page.revision;
    for (auto& object : page.objects) {
      if (!matches(wanted.selector, object.bytes)) continue;
      if (wanted.limit != 0 && out.objects.size() == wanted.limit) {
        out.last_key = key_of(*call.kind, out.objects.back());
        return out;
      }
      out.objects.push_back(std::move(object.bytes));
    }
    if (page.next_key.empty()) return out;
    if (exact_pages) {
      out.last_key = page.next_key;
      out.rest = page.rest;
      return out;
    }
    after = page.next_key;
  }
}

Result<Found> list_newest(ApiCall& call, const Wanted& wanted) {
  TRY(call.parts.dispatcher.fresh(call.deadline()));
  return take(call, TRY(call.parts.dispatcher.list(*call.kind, call.info.ns, &wanted.selector,
                                                   wanted.after_key, wanted.limit)));
}

Result<Found> list_at(ApiCall& call, const Wanted& wanted, Revision at) {
  auto kept = TRY(call.parts.dispatcher.list_at(*call.kind, call.info.ns, &wanted.selector,
                                                wanted.after_key, wanted.limit, at));
  if (kept) return take(call, std::move(*kept));
  auto current = TRY(call.parts.dispatcher.fresh(call.deadline()));
  if (at > current) return too_large_revision(at, current);
  auto found = list_old(call, wanted, at);
  if (!found && found.error().code() == 410 && wanted.after_key.empty())
    return Status::gone("The resourceVersion for the provided list is too old.");
  return found;
}

Result<Found> list_continued(ApiCall& call, const ListOptions& options, Wanted wanted) {
  auto token = TRY(ContinueToken::decode(options.continue_token));
  if (!options.resource_version.empty() && options.resource_version != "0")
    return Status::bad_request("specifying resource version is not allowed when using continue");
  wanted.after_key = list_prefix(call) + token.after_key;
  if (token.revision < 0) return list_newest(call, wanted);
  auto found = list_at(call, wanted, static_cast<Revision>(token.revision));
  if (found || found.error().code() != 410) return found;
  token.revision = -1;
  return std::move(Status::gone(std::string(kInconsistent)).with_continue(token.encode()));
}

Result<Found> find(ApiCall& call, const ListOptions& options) {
  Wanted wanted;
  wanted.selector = TRY(Selector::parse(*call.kind, options.labels, options.fields));
  wanted.limit = options.limit;
  if (!options.continue_token.empty()) return list_continued(call, options, std::move(wanted));
  Revision revision = TRY(options.revision());
  using Match = ListOptions::Match;
  bool exact = options.match == Match::exact ||
               (options.match == Match::unset && revision > 0 && options.limit > 0);
  if (exact && revision > 0) return list_at(call, wanted, revision);
  // "0": any revision will do, so the cache is asked as it is, and it gives all.
  if (options.resource_version == "0")
    return take(call,
                TRY(call.parts.dispatcher.list(*call.kind, call.info.ns, &wanted.selector, "", 0)));
  auto found = TRY(list_newest(call, wanted));
  if (revision > found.revision) return too_large_revision(revision, found.revision);
  return found;
}

}  // namespace

Result<Answer> verb_get(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  ListOptions options;
  options.resource_version = call.request.query.get("resourceVersion");
  Revision revision = TRY(options.revision());
  // Only "0" says that an old state will do.
  if (options.resource_version != "0") {
    auto current = TRY(call.parts.dispatcher.fresh(call.deadline()));
    if (revision > current) return too_large_revision(revision, current);
  }
  // The path of a namespace names it twice: as itself and as the place it is.
  std::string_view ns = call.kind->namespaced() ? std::string_view(call.info.ns) : "";
  auto object = TRY(call.parts.dispatcher.get(*call.kind, ns, call.info.name));
  if (!object) return Status::not_found(call.kind->about(call.info.name));
  return TRY(respond_object(call, output, 200, object->bytes));
}

Result<Answer> verb_list(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(ListOptions::parse(call.request.query, false));
  auto found = TRY(find(call, options));
  ListAnswer list;
  list.objects = found.objects;
  list.revision = found.revision;
  list.remaining = found.rest;
  if (!found.last_key.empty()) {
    ContinueToken token;
    token.revision = static_cast<int64_t>(found.revision);
    token.after_key = found.last_key.substr(list_prefix(call).size());
    list.continue_token = token.encode();
  }
  return TRY(respond_list(call, output, list));
}

}  // namespace engine
