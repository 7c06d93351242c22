#include "engine/norman/import_yaml.h"

#include <map>

#include "engine/access/admission/project_limits.h"
#include "engine/base/text.h"
#include "engine/base/yaml.h"

namespace engine {
namespace {

constexpr std::string_view kManager = "fieldManager=paddock-import&force=true";
// A kind that the text itself brings is served a moment later.
constexpr storage::Millis kServedSoon{200};
constexpr int kServedTriesMax = 25;

// The texts between lines of three dashes.
std::vector<std::string> documents_of(std::string_view text) {
  std::vector<std::string> out(1);
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line == "---" || line.starts_with("--- ") || line == "---\r") {
      out.emplace_back(line.size() > 4 ? std::string(line.substr(4)) + "\n" : std::string());
      continue;
    }
    out.back().append(line).append("\n");
  }
  return out;
}

// One object to be applied, or what is wrong with its document.
struct Item {
  std::string where;  // document 3, document 3 item 2
  Json object;
  std::string fault = {};
};

std::vector<Item> items_of(const std::string& yaml) {
  std::vector<Item> out;
  size_t number = 0;
  for (const std::string& text : documents_of(yaml)) {
    auto parsed = parse_yaml(text);
    if (parsed && parsed->is_null()) continue;
    const std::string where = "document " + std::to_string(++number);
    if (!parsed) {
      out.push_back({where, {}, parsed.error().message()});
    } else if (const Json* list = parsed->find("items");
               list && list->is_array() && parsed->str("kind").ends_with("List")) {
      for (size_t i = 0; i < list->size(); i++)
        out.push_back({where + " item " + std::to_string(i + 1), list->as_array()[i]});
    } else {
      out.push_back({where, std::move(*parsed)});
    }
  }
  return out;
}

struct Resource {
  std::string plural, group;
  bool namespaced = false;
};

class Import : public std::enable_shared_from_this<Import> {
 public:
  Import(storage::Env& env, Remote::Ways ways, ImportInput input, std::string base)
      : env_(env),
        ways_(std::move(ways)),
        input_(std::move(input)),
        base_(std::move(base)),
        items_(items_of(input_.yaml)) {}
  size_t count() const { return items_.size(); }

  void begin(Reply reply) {
    reply_ = std::move(reply);
    next();
  }

 private:
  using Heard = std::function<void(Result<Response>)>;

  void ask(ClusterCall call, Heard heard) {
    call.headers = ways_.identity;
    call.headers.set("Accept", "application/json");
    if (!call.body.empty()) call.headers.set("Content-Type", "application/apply-patch+yaml");
    ways_.user->call(std::move(call), std::move(heard));
  }

  void next() {
    tries_ = 0;
    if (at_ == items_.size()) return finish();
    const Item& item = items_[at_];
    if (!item.fault.empty()) return failed(item.fault);
    if (!item.object.is_object()) return failed("an object is wanted");
    for (std::string_view field : {"apiVersion", "kind"})
      if (item.object.str(field).empty()) return failed(std::string(field) + " is missing");
    if (item.object.str({"metadata", "name"}).empty()) return failed("metadata.name is missing");
    find_resource();
  }

  // What the cluster calls the kind.
  void find_resource() {
    const std::string version(items_[at_].object.str("apiVersion"));
    auto known = versions_.find(version);
    if (known != versions_.end()) return place(known->second);
    const bool core = version.find('/') == std::string::npos;
    ask({.method = "GET", .target = (core ? "/api/" : "/apis/") + version},
        [self = shared_from_this(), version](Result<Response> answer) {
          if (!answer) return self->failed(answer.error().message());
          if (answer->status == 404) return self->place({});
          if (answer->status >= 400) return self->failed(status_of(*answer).message());
          auto document = parse_json(answer->body);
          if (!document) return self->failed("the cluster's answer is not JSON");
          self->versions_[version] = resources_of(*document, version);
          self->place(self->versions_[version]);
        });
  }
  using Resources = std::map<std::string, Resource>;
  static Resources resources_of(const Json& document, const std::string& version) {
    Resources out;
    const size_t slash = version.find('/');
    const Json* list = document.find("resources");
    if (list && list->is_array())
      for (const Json& one : list->as_array())
        if (one.str("name").find('/') == std::string_view::npos)
          out[std::string(one.str("kind"))] = {
              std::string(one.str("name")),
              slash == std::string::npos ? std::string() : version.substr(0, slash),
              one.truth({"namespaced"})};
    return out;
  }

  void place(const Resources& resources) {
    Json& object = items_[at_].object;
    const std::string kind(object.str("kind")), version(object.str("apiVersion"));
    auto found = resources.find(kind);
    if (found == resources.end()) {
      // It may be what an earlier document has just brought.
      if (!brings_kinds_ || ++tries_ > kServedTriesMax)
        return failed("the cluster has no kind " + kind + " in " + version);
      versions_.erase(version);
      return env_.post_after(kServedSoon, [self = shared_from_this()] { self->find_resource(); });
    }
    const Resource& resource = found->second;
    std::string ns(object.str({"metadata", "namespace"}));
    if (resource.namespaced) {
      if (!input_.ns.empty() && !ns.empty() && ns != input_.ns)
        return failed("it says namespace " + ns + ", the import " + input_.ns);
      if (ns.empty()) ns = !input_.ns.empty() ? input_.ns : input_.default_ns;
      if (ns.empty()) ns = "default";
      object["metadata"].set("namespace", ns);
    }
    std::string target = (resource.group.empty() ? "/api/" : "/apis/") + version;
    if (resource.namespaced) target += "/namespaces/" + percent_escaped(ns);
    target += "/" + resource.plural + "/" + percent_escaped(object.str({"metadata", "name"}));
    const bool ours = resource.plural == "namespaces" && resource.group.empty();
    if (ours && !input_.project.empty()) return into_project(target, resource);
    apply(target, resource);
  }

  // A namespace that is in another project stays there, and nothing of it is touched.
  void into_project(const std::string& target, const Resource& resource) {
    ask({.method = "GET", .target = target},
        [self = shared_from_this(), target, resource](Result<Response> answer) {
          if (!answer) return self->failed(answer.error().message());
          Json& object = self->items_[self->at_].object;
          if (answer->status != 404) {
            if (answer->status >= 400) return self->failed(status_of(*answer).message());
            auto there = parse_json(answer->body);
            const std::string in(
                there ? there->str({"metadata", "annotations", kProjectIdAnnotation}) : "");
            if (in != self->input_.project)
              return self->failed(in.empty() ? "the namespace is there and in no project"
                                             : "the namespace is in project " + in + " already");
          }
          set_project(object, self->input_.project);
          self->apply(target, resource);
        });
  }

  void apply(const std::string& target, const Resource& resource) {
    Json& metadata = items_[at_].object["metadata"];
    for (std::string_view field : {"managedFields", "resourceVersion", "uid", "creationTimestamp"})
      metadata.erase(field);
    std::string name = resource.plural + (resource.group.empty() ? "" : "." + resource.group) +
                       "/" + std::string(metadata.str("name"));
    if (resource.plural == "customresourcedefinitions") brings_kinds_ = true;
    ask({.method = "PATCH",
         .target = target + "?" + std::string(kManager),
         .body = dump(items_[at_].object)},
        [self = shared_from_this(), name](Result<Response> answer) {
          if (!answer) return self->failed(name + ": " + answer.error().message());
          if (answer->status >= 400)
            return self->failed(name + ": " + status_of(*answer).message());
          self->told(name + (answer->status == 201 ? " created" : " configured"));
        });
  }

  void told(const std::string& line) {
    message_ += line + "\n";
    applied_++;
    at_++;
    next();
  }
  void failed(const std::string& why) {
    message_ += "error: " + items_[at_].where + ": " + why + "\n";
    at_++;
    next();
  }
  void finish() {
    const size_t lost = items_.size() - applied_;
    if (lost > 0)
      message_ += std::to_string(applied_) + " applied, " + std::to_string(lost) + " failed\n";
    Json out = Json::object({{"type", "importYamlOutput"},
                             {"baseType", "importYamlOutput"},
                             {"message", std::move(message_)}});
    reply_(norman_response(lost > 0 ? 400 : 200, out, base_));
  }

  storage::Env& env_;
  const Remote::Ways ways_;
  const ImportInput input_;
  const std::string base_;
  std::vector<Item> items_;
  size_t at_ = 0, applied_ = 0;
  int tries_ = 0;
  bool brings_kinds_ = false;
  std::map<std::string, Resources> versions_;
  std::string message_;
  Reply reply_;
};

}  // namespace

Answer import_yaml(storage::Env& env, Remote::Ways ways, ImportInput input, std::string base) {
  auto work = std::make_shared<Import>(env, std::move(ways), std::move(input), std::move(base));
  if (work->count() == 0)
    return norman_error(Status::field_error(422, "MissingRequired", "yaml", ""));
  if (work->count() > kImportDocumentsMax)
    return norman_error(Status::field_error(422, "MaxLengthExceeded", "yaml",
                                            std::to_string(work->count()) + " documents; at most " +
                                                std::to_string(kImportDocumentsMax) +
                                                " are taken at once"));
  return Pending{[work](Reply reply) { work->begin(std::move(reply)); }};
}

}  // namespace engine
