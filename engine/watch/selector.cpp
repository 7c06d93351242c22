#include "engine/watch/selector.h"
#include "engine/base/text.h"

#include <algorithm>

namespace engine {
namespace {

struct FieldRow {
  std::string_view group, kind;
  std::string_view field;      // as in a query
  std::string_view path;       // as in the object
  std::string_view otherwise;  // for a missing field
};

// Kinds with a row here accept only these and metadata.name/namespace.
constexpr FieldRow kFields[] = {
    {"", "Pod", "spec.nodeName", "spec.nodeName", ""},
    {"", "Pod", "spec.host", "spec.nodeName", ""},
    {"", "Pod", "spec.restartPolicy", "spec.restartPolicy", ""},
    {"", "Pod", "spec.schedulerName", "spec.schedulerName", ""},
    {"", "Pod", "spec.serviceAccountName", "spec.serviceAccountName", ""},
    {"", "Pod", "spec.hostNetwork", "spec.hostNetwork", "false"},
    {"", "Pod", "status.phase", "status.phase", ""},
    {"", "Pod", "status.podIP", "status.podIP", ""},
    {"", "Pod", "status.nominatedNodeName", "status.nominatedNodeName", ""},
    {"", "Node", "spec.unschedulable", "spec.unschedulable", "false"},
    {"", "ReplicationController", "status.replicas", "status.replicas", "0"},
    {"", "Event", "involvedObject.kind", "involvedObject.kind", ""},
    {"", "Event", "involvedObject.namespace", "involvedObject.namespace", ""},
    {"", "Event", "involvedObject.name", "involvedObject.name", ""},
    {"", "Event", "involvedObject.uid", "involvedObject.uid", ""},
    {"", "Event", "involvedObject.apiVersion", "involvedObject.apiVersion", ""},
    {"", "Event", "involvedObject.resourceVersion", "involvedObject.resourceVersion", ""},
    {"", "Event", "involvedObject.fieldPath", "involvedObject.fieldPath", ""},
    {"", "Event", "reason", "reason", ""},
    {"", "Event", "reportingComponent", "reportingComponent", ""},
    {"", "Event", "source", "source.component", ""},
    {"", "Event", "type", "type", ""},
    {"events.k8s.io", "Event", "regarding.kind", "involvedObject.kind", ""},
    {"events.k8s.io", "Event", "regarding.namespace", "involvedObject.namespace", ""},
    {"events.k8s.io", "Event", "regarding.name", "involvedObject.name", ""},
    {"events.k8s.io", "Event", "regarding.uid", "involvedObject.uid", ""},
    {"events.k8s.io", "Event", "regarding.apiVersion", "involvedObject.apiVersion", ""},
    {"events.k8s.io", "Event", "regarding.resourceVersion", "involvedObject.resourceVersion", ""},
    {"events.k8s.io", "Event", "regarding.fieldPath", "involvedObject.fieldPath", ""},
    {"events.k8s.io", "Event", "reason", "reason", ""},
    {"events.k8s.io", "Event", "reportingController", "reportingComponent", ""},
    {"events.k8s.io", "Event", "type", "type", ""},
    {"", "Namespace", "status.phase", "status.phase", ""},
    {"", "Secret", "type", "type", ""},
    {"", "Service", "spec.clusterIP", "spec.clusterIP", ""},
    {"", "Service", "spec.type", "spec.type", ""},
    {"batch", "Job", "status.successful", "status.succeeded", "0"},
    {"certificates.k8s.io", "CertificateSigningRequest", "spec.signerName", "spec.signerName", ""},
    {"certificates.k8s.io", "ClusterTrustBundle", "spec.signerName", "spec.signerName", ""},
    {"certificates.k8s.io", "PodCertificateRequest", "spec.signerName", "spec.signerName", ""},
    {"certificates.k8s.io", "PodCertificateRequest", "spec.podName", "spec.podName", ""},
    {"certificates.k8s.io", "PodCertificateRequest", "spec.nodeName", "spec.nodeName", ""},
    {"resource.k8s.io", "ResourceSlice", "spec.nodeName", "spec.nodeName", ""},
    {"resource.k8s.io", "ResourceSlice", "spec.driver", "spec.driver", ""},
};

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  if (path.starts_with('.')) path.remove_prefix(1);
  while (true) {
    auto dot = path.find('.');
    out.emplace_back(path.substr(0, dot));
    if (dot == std::string_view::npos) return out;
    path.remove_prefix(dot + 1);
  }
}

// Finds where the field is for this kind, or says which ones there are.
Result<Unit> resolve(const Kind& kind, FieldTerm& term) {
  if (term.field == "metadata.name" || term.field == "metadata.namespace") return Unit{};
  for (const auto& selectable : kind.selectable_fields) {
    std::string_view path = selectable;
    if (path.starts_with('.')) path.remove_prefix(1);
    if (path != term.field) continue;
    term.path = split_path(path);
    return Unit{};
  }
  bool has_rows = false;
  for (const auto& row : kFields) {
    if (row.group != kind.group || row.kind != kind.kind) continue;
    has_rows = true;
    if (row.field != term.field) continue;
    term.path = split_path(row.path);
    term.otherwise = row.otherwise;
    return Unit{};
  }
  if (has_rows) return Status::bad_request("field label not supported: " + term.field);
  if (kind.crd_name.empty() || kind.selectable_fields.empty())
    return Status::bad_request(quote(term.field) + " is not a known field selector: only " +
                               quote("metadata.name") + ", " + quote("metadata.namespace"));
  return Status::bad_request("field label not supported: " + term.field);
}

Result<std::string> unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == ',' || c == '=')
      return Status::bad_request("invalid field selector: unescaped character in value: " +
                                 std::to_string(static_cast<int>(c)));
    if (c != '\\') {
      out += c;
      continue;
    }
    if (++i >= text.size())
      return Status::bad_request("invalid field selector: invalid escape sequence: \\");
    if (text[i] != '\\' && text[i] != ',' && text[i] != '=')
      return Status::bad_request("invalid field selector: invalid escape sequence: \\" +
                                 std::string(1, text[i]));
    out += text[i];
  }
  return out;
}

Result<FieldTerm> parse_term(std::string_view whole, std::string_view part) {
  for (size_t i = 0; i < part.size(); ++i) {
    auto rest = part.substr(i);
    size_t length = rest.starts_with("!=") || rest.starts_with("==") ? 2 : rest[0] == '=' ? 1 : 0;
    if (length == 0) continue;
    FieldTerm term;
    term.field = part.substr(0, i);
    term.equal = rest[0] != '!';
    term.value = TRY(unescape(rest.substr(length)));
    return term;
  }
  return Status::bad_request("invalid selector: '" + std::string(whole) + "'; can't understand '" +
                             std::string(part) + "'");
}

Result<std::vector<FieldTerm>> parse_fields(const Kind& kind, std::string_view text) {
  std::vector<FieldTerm> out;
  size_t from = 0;
  bool escaped = false;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && escaped) {
      escaped = false;
      continue;
    }
    if (i < text.size() && text[i] == '\\') escaped = true;
    if (i < text.size() && text[i] != ',') continue;
    auto part = text.substr(from, i - from);
    from = i + 1;
    if (part.empty()) continue;
    auto term = TRY(parse_term(text, part));
    if (term.field.empty() && term.value.empty()) continue;
    TRY(resolve(kind, term));
    out.push_back(std::move(term));
  }
  return out;
}

std::string value_of(const FieldTerm& term, const ObjectView& object) {
  if (term.path.empty())
    return std::string(term.field == "metadata.name" ? object.name() : object.ns());
  auto text = scan_text(scan(object.bytes(), std::span<const std::string>(term.path)));
  return text.empty() ? term.otherwise : text;
}

}  // namespace

Result<Selector> Selector::parse(const Kind& kind, std::string_view labels,
                                 std::string_view fields) {
  Selector out;
  out.labels_ = TRY(LabelSelector::parse(labels));
  out.fields_ = TRY(parse_fields(kind, fields));
  return out;
}

Selector Selector::by_name(std::string_view name) {
  Selector out;
  FieldTerm term;
  term.field = "metadata.name";
  term.value = name;
  out.fields_.push_back(std::move(term));
  return out;
}

bool Selector::matches(const ObjectView& object) const {
  for (const auto& term : fields_)
    if ((value_of(term, object) == term.value) != term.equal) return false;
  return labels_.matches(object);
}

std::optional<std::string> Selector::exact(std::string_view field) const {
  for (const auto& term : fields_)
    if (term.equal && term.field == field) return term.value;
  return std::nullopt;
}

}  // namespace engine
