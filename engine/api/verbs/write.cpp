// POST, PUT, PATCH and DELETE of one object, and DELETE of many.
#include <algorithm>

#include "engine/api/options.h"
#include "engine/api/protobuf.h"
#include "engine/api/respond.h"
#include "engine/api/status_writer.h"
#include "engine/base/mask.h"
#include "engine/base/yaml.h"
#include "engine/watch/object_scan.h"
#include "engine/watch/selector.h"

namespace engine {
namespace {

// Resources whose finished delete answers with the object rather than with a Status, as upstream.
constexpr std::string_view kDeleteAnswersObject[] = {
    "/pods",
    "/services",
    "/serviceaccounts",
    "/persistentvolumes",
    "/persistentvolumeclaims",
    "/podtemplates",
    "/resourcequotas",
    "storage.k8s.io/storageclasses",
    "storage.k8s.io/csidrivers",
    "storage.k8s.io/csinodes",
    "storage.k8s.io/volumeattachments",
};

bool delete_answers_object(const Kind& kind) {
  std::string name = kind.group + "/" + kind.plural;
  return std::find(std::begin(kDeleteAnswersObject), std::end(kDeleteAnswersObject), name) !=
         std::end(kDeleteAnswersObject);
}

// The beginning of a body, for the error that says it was not understood.
std::string summary(std::string_view body) {
  constexpr size_t kShown = 30;
  if (body.empty()) return "<empty>";
  std::string out;
  if (body.front() == '{') {
    out = body.substr(0, kShown);
  } else {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (unsigned char c : body.substr(0, kShown)) {
      out += kDigits[c >> 4];
      out += kDigits[c & 15];
    }
  }
  if (body.size() > kShown) out += " ...";
  return out;
}

Result<PatchType> patch_type(const ApiCall& call) {
  auto type = media_type(call.request.headers.get("Content-Type"));
  bool custom = is_custom(*call.kind);
  if (type == "application/json-patch+json") return PatchType::json;
  if (type == "application/merge-patch+json") return PatchType::merge;
  if (type == "application/strategic-merge-patch+json" && !custom) return PatchType::strategic;
  if (type == "application/apply-patch+yaml") return PatchType::apply;
  return Status::unsupported_media_type(
      "the body of the request was in an unknown format - accepted media types include: "
      "application/json-patch+json, application/merge-patch+json, " +
      std::string(custom ? "" : "application/strategic-merge-patch+json, ") +
      "application/apply-patch+yaml");
}

Result<Answer> answer_written(ApiCall& call, const Output& output, const Written& written) {
  return TRY(respond_object(call, output, written.created ? 201 : 200, written.object.bytes));
}

// How a write is tried: with a plan it stops before the commit.
struct Trying {
  PlannedWrite* plan = nullptr;
  const Object* seen = nullptr;
};
using Try = Result<Written> (*)(ApiCall&, const Trying&);

// A write whose commit is under way.
struct UnderWay {
  ApiCall call;
  Output output;
  PlannedWrite plan;
  Try again;

  Result<Answer> answer(storage::StoreResult<Revision> done) {
    auto written = TRY(call.parts.registry.settle(*call.kind, plan, std::move(done)));
    if (!written) {
      // Another write came between: once more, on what is there now, and waiting.
      call.warnings.clear();
      written = TRY(again(call, {}));
    }
    return answer_written(call, output, *written);
  }
};

Pending later(ApiCall& call, Output output, PlannedWrite plan, Try again) {
  auto under_way =
      std::make_shared<UnderWay>(UnderWay{call, std::move(output), std::move(plan), again});
  return Pending{[under_way](Reply reply) {
    auto txn = std::move(under_way->plan.txn);
    auto done = [under_way, reply](storage::StoreResult<Revision> result) {
      // The store's thread has other writes to do: whoever sends the answer makes it.
      reply(Late{[under_way, result]() -> Answer {
        auto answer = under_way->answer(result);
        if (answer) return std::move(*answer);
        return status_response(under_way->call.request, answer.error());
      }});
    };
    under_way->call.parts.registry.store().commit_later(std::move(txn), std::move(done));
  }};
}

// One write: planned and committed without a thread that waits, where the call can be kept.
Result<Answer> write(ApiCall& call, Try attempt) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  if (!call.keeper || call.info.subresource == "scale")
    return answer_written(call, output, TRY(attempt(call, {})));
  PlannedWrite plan;
  auto known = call.parts.dispatcher.peek(*call.kind, call.info.ns, call.info.name);
  if (known) {
    Object seen{known->bytes, known->revision};
    (void)attempt(call, {&plan, &seen});
    if (plan.ready) return later(call, std::move(output), std::move(plan), attempt);
    call.warnings.clear();
  }
  auto written = attempt(call, {&plan, nullptr});
  if (plan.ready) return later(call, std::move(output), std::move(plan), attempt);
  return answer_written(call, output, TRY(std::move(written)));
}

WriteOptions with(ApiCall& call, const Trying& trying, WriteOptions options) {
  options.warnings = &call.warnings;
  options.subresource = call.info.subresource;
  options.deadline = call.until;
  options.plan = trying.plan;
  options.seen = trying.seen;
  options.may_create = [&call] { return require(call, "create"); };
  return options;
}

Result<Written> try_create(ApiCall& call, const Trying& trying) {
  auto options = with(call, trying, TRY(parse_write_options(call.request, WriteVerb::create)));
  auto body = TRY(decode_body(call, options));
  return call.parts.registry.create(*call.kind, call.info.ns, std::move(body), options);
}

Result<Written> try_update(ApiCall& call, const Trying& trying) {
  auto options = with(call, trying, TRY(parse_write_options(call.request, WriteVerb::update)));
  auto body = TRY(decode_body(call, options));
  if (body.str({"metadata", "name"}).empty())
    return Status::bad_request("the name of the object (" + call.info.name +
                               " based on URL) was undeterminable: name must be provided");
  return call.parts.registry.update(*call.kind, call.info.ns, call.info.name, std::move(body),
                                    options);
}

Result<Written> try_patch(ApiCall& call, const Trying& trying) {
  auto type = TRY(patch_type(call));
  auto verb = type == PatchType::apply ? WriteVerb::apply : WriteVerb::patch;
  auto options = with(call, trying, TRY(parse_write_options(call.request, verb)));
  return call.parts.registry.patch(*call.kind, call.info.ns, call.info.name, type,
                                   call.request.body, options);
}

Result<Answer> answer_removed(ApiCall& call, const Output& output, const Removed& removed,
                              const DeleteOptions& options) {
  if (!removed.gone) {
    int status = options.answers_accepted ? 202 : 200;
    return TRY(respond_object(call, output, status, removed.object.bytes));
  }
  if (delete_answers_object(*call.kind))
    return TRY(respond_object(call, output, 200, removed.object.bytes));
  auto uid = scan_text(scan(*removed.object.bytes, {"metadata", "uid"}));
  return TRY(respond_json(call, output, 200,
                          success_json(call.info.name, call.kind->group, call.kind->plural, uid)));
}

}  // namespace

Result<Json> decode_body(ApiCall& call, WriteOptions& options) {
  Media media = TRY(negotiate_input(call.request));
  const std::string& body = call.request.body;
  if (media == Media::protobuf && is_custom(*call.kind))
    return Status::unsupported_media_type(
        "the body of the request was in an unknown format - accepted media types include: "
        "application/json, application/yaml");
  auto parsed = media == Media::json   ? parse_json(body, {}, &options.duplicates)
                : media == Media::yaml ? parse_yaml(body, {}, &options.duplicates)
                                       : decode_protobuf(body);
  if (parsed && parsed->is_object()) return parsed;
  std::string why = parsed ? std::string("expected an object, got ") + parsed->type_name()
                           : parsed.error().message();
  const std::string quoted = quotable_body(call.kind->plural, body);
  return Status::bad_request("the object provided is unrecognized (must be of type " +
                             call.kind->kind + "): " + why + " (" +
                             (quoted == kMaskedValue ? quoted : summary(quoted)) + ")");
}

Result<Answer> verb_create(ApiCall& call) {
  return write(call, try_create);
}
Result<Answer> verb_update(ApiCall& call) {
  return write(call, try_update);
}
Result<Answer> verb_patch(ApiCall& call) {
  TRY(patch_type(call));  // what it is not, is said before what the answer could not be
  return write(call, try_patch);
}

Result<Answer> verb_delete(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto options = TRY(parse_delete_options(call.request));
  options.remove.deadline = call.until;
  auto removed =
      TRY(call.parts.registry.remove(*call.kind, call.info.ns, call.info.name, options.remove));
  return answer_removed(call, output, removed, options);
}

Result<Answer> verb_delete_collection(ApiCall& call) {
  auto output = TRY(negotiate_output(call.request, Transforms::all));
  auto list_options = TRY(ListOptions::parse(call.request.query, false));
  auto options = TRY(parse_delete_options(call.request));
  options.remove.deadline = call.until;
  auto selector = TRY(Selector::parse(*call.kind, list_options.labels, list_options.fields));
  TRY(call.parts.dispatcher.fresh(call.deadline()));
  auto found =
      TRY(call.parts.dispatcher.list(*call.kind, call.info.ns, &selector, "", list_options.limit));
  std::vector<Bytes> objects;
  for (const auto& object : found.objects) {
    auto removed = call.parts.registry.remove(*call.kind, object->ns, object->name, options.remove);
    // Somebody else may have been faster; that it is gone is what was asked for.
    if (!removed && removed.error().code() != 404) return removed.error();
    objects.push_back(object->bytes);
  }
  ListAnswer list;
  list.objects = objects;
  list.revision = found.revision;
  return TRY(respond_list(call, output, list));
}

}  // namespace engine
