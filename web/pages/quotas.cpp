#include "web/pages/quotas.h"

#include <cmath>

#include "web/pages/cluster_facts.h"
#include "web/pages/usage.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr QuotaField kContainer[] = {
    {"requestsCpu", "CPU request", "100m", QuotaField::kCpu},
    {"limitsCpu", "CPU limit", "500m", QuotaField::kCpu},
    {"requestsMemory", "Memory request", "128Mi", QuotaField::kMemory},
    {"limitsMemory", "Memory limit", "256Mi", QuotaField::kMemory}};

const QuotaField* find_field(std::string_view id) {
  for (const QuotaField& f : quota_fields()) {
    if (id == f.id) return &f;
  }
  return nullptr;
}

}  // namespace

const std::vector<QuotaField>& quota_fields() {
  static const std::vector<QuotaField> list = {
      {"limitsCpu", "CPU limit", "2000m", QuotaField::kCpu},
      {"requestsCpu", "CPU reserved", "1000m", QuotaField::kCpu},
      {"limitsMemory", "Memory limit", "4Gi", QuotaField::kMemory},
      {"requestsMemory", "Memory reserved", "2Gi", QuotaField::kMemory},
      {"pods", "Pods", "20", QuotaField::kCount},
      {"services", "Services", "10", QuotaField::kCount},
      {"servicesLoadBalancers", "Load balancers", "1", QuotaField::kCount},
      {"servicesNodePorts", "Node ports", "5", QuotaField::kCount},
      {"configMaps", "Config maps", "20", QuotaField::kCount},
      {"secrets", "Secrets", "20", QuotaField::kCount},
      {"persistentVolumeClaims", "Volume claims", "10", QuotaField::kCount},
      {"requestsStorage", "Storage reserved", "100Gi", QuotaField::kMemory},
      {"replicationControllers", "Replication controllers", "5", QuotaField::kCount}};
  return list;
}

// The member `type` says what the limits are, and is none.
std::string quota_value(const Json* object, std::string_view id) {
  if (id == "type") return {};
  const Json* v = object == nullptr ? nullptr : object->find(id);
  if (v == nullptr || v->is_null()) return {};
  return v->is_string() ? v->as_string() : engine::dump(*v);
}

const std::vector<QuotaField>& container_fields() {
  static const std::vector<QuotaField> list(std::begin(kContainer), std::end(kContainer));
  return list;
}

std::string quota_label(std::string_view id) {
  const QuotaField* f = find_field(id);
  return f == nullptr ? std::string(id) : f->label;
}

std::string quota_amount(std::string_view id, std::string_view quantity) {
  const QuotaField* f = find_field(id);
  const double n = parse_quantity(quantity);
  if (f == nullptr || n < 0) return std::string(quantity);
  if (f->unit == QuotaField::kMemory) {
    std::string out = memory_text(n);
    if (const size_t dot = out.find(".0"); dot != out.npos) out.erase(dot, 2);
    return out;
  }
  if (f->unit == QuotaField::kCpu && n != std::floor(n)) return cpu_text(n);
  std::string out = count_text(static_cast<int64_t>(n));
  if (f->unit == QuotaField::kCpu) out += n == 1 ? " core" : " cores";
  return out;
}

std::string quota_amount_of(std::string_view id, double amount) {
  const QuotaField* f = find_field(id);
  const bool milli = f != nullptr && f->unit == QuotaField::kCpu && amount != std::floor(amount);
  return quota_amount(id, milli ? std::to_string(std::llround(amount * 1000)) + "m"
                                : std::to_string(std::llround(amount)));
}

std::vector<std::string> quota_with(const Json& project, const std::vector<const Json*>& more,
                                    bool& over) {
  std::vector<std::string> out;
  over = false;
  const Json* limit = project.at({"resourceQuota", "limit"});
  if (limit == nullptr || !limit->is_object()) return out;
  for (const auto& [id, value] : limit->as_object()) {
    const std::string most = quota_value(limit, id),
                      now = quota_value(project.at({"resourceQuota", "usedLimit"}), id),
                      each =
                          quota_value(project.at({"namespaceDefaultResourceQuota", "limit"}), id);
    const double all = parse_quantity(most);
    if (most.empty() || all < 0) continue;
    double sum = now.empty() ? 0 : ImMax(0.0, parse_quantity(now));
    for (const Json* ns : more) {
      if (ns->str("projectId") == project.str("id")) continue;  // counted already
      const std::string own = quota_value(ns->at({"resourceQuota", "limit"}), id);
      sum += ImMax(0.0, parse_quantity(own.empty() ? (each.empty() ? "0" : each) : own));
    }
    const bool beyond = sum > all + 1e-9;
    over |= beyond;
    out.push_back(quota_label(id) + ": " + quota_amount_of(id, sum) + " of " +
                  quota_amount(id, most) + (beyond ? ", more than it has" : ""));
  }
  return out;
}

std::string quota_words(const Json* limit) {
  std::string out;
  if (limit == nullptr || !limit->is_object()) return out;
  for (const auto& [id, value] : limit->as_object()) {
    const std::string amount = quota_value(limit, id);
    if (amount.empty()) continue;
    out += (out.empty() ? "" : ", ") + quota_label(id) + " " + quota_amount(id, amount);
  }
  return out;
}

std::vector<QuotaUse> quota_uses(const Json& project) {
  std::vector<QuotaUse> out;
  const Json* limit = project.at({"resourceQuota", "limit"});
  const Json* used = project.at({"resourceQuota", "usedLimit"});
  if (limit == nullptr || !limit->is_object()) return out;
  for (const auto& [id, value] : limit->as_object()) {
    QuotaUse use;
    use.id = id;
    const std::string most = quota_value(limit, id), now = quota_value(used, id);
    if (most.empty()) continue;
    use.limit = quota_amount(id, most);
    use.used = quota_amount(id, now.empty() ? "0" : now);
    const double all = parse_quantity(most), some = now.empty() ? 0 : parse_quantity(now);
    use.fraction = all > 0 && some > 0 ? static_cast<float>(some / all) : 0;
    out.push_back(std::move(use));
  }
  return out;
}

float quota_bars(const std::vector<QuotaUse>& uses, float x, float y, float w) {
  const auto& c = col();
  for (const QuotaUse& use : uses) {
    const std::string label = quota_label(use.id), words = use.used + " of " + use.limit;
    text_fit(x, y, tokens::kTypeBody, c.text_secondary, label, w - 130, 22);
    text_right(
        x + w, y,
        use.fraction >= tokens::kMeterWarningFrom ? tokens::kTypeBodyStrong : tokens::kTypeBody,
        meter_ink(use.fraction, c.text_primary), words, 22);
    meter(x, y + 28, w, use.fraction);
    say_meter(id_of(use.id) ^ 0x3E7, label, box(x, y, w, 32), use.fraction, words);
    y += 46;
  }
  return y;
}

void QuotaForm::load(const Json& project) {
  rows_.clear();
  const Json* limit = project.at({"resourceQuota", "limit"});
  const Json* each = project.at({"namespaceDefaultResourceQuota", "limit"});
  if (limit != nullptr && limit->is_object()) {
    for (const auto& [id, value] : limit->as_object()) {
      if (id != "type") rows_.push_back({id, quota_value(limit, id), quota_value(each, id)});
    }
  }
  for (int i = 0; i < 4; i++)
    container_[i] = quota_value(project.find("containerDefaultResourceLimit"), kContainer[i].id);
}

float QuotaForm::draw(float x, float y, float w) {
  const auto& c = col();
  text(x, y, tokens::kTypeSection, c.text_primary, "Quota", 22);
  say_heading(box(x, y, 80, 22), "Quota", 2);
  y += 24;
  y += text_wrap(x, y, tokens::kTypeBody, c.text_secondary,
                 "What all namespaces of the project may use together, and what each new namespace "
                 "gets of it.",
                 w) +
       12;
  const float gap = 8, third = std::floor((w - 40 - gap * 2) / 3);
  if (!rows_.empty()) {
    const char* heads[] = {"What", "Project limit", "Each namespace"};
    for (int i = 0; i < 3; i++)
      text_fit(x + static_cast<float>(i) * (third + gap), y, tokens::kTypeSmallStrong,
               c.text_secondary, heads[i], third, 20);
    y += 24;
  }
  size_t drop = rows_.size();
  for (size_t i = 0; i < rows_.size(); i++) {
    Row& row = rows_[i];
    const std::string label = quota_label(row.id);
    ImGui::PushID(row.id.c_str());
    text_fit(x, y, tokens::kTypeBody, c.text_primary, label, third, 32);
    const QuotaField* f = find_field(row.id);
    const std::string_view hint = f == nullptr ? std::string_view() : f->hint;
    auto wrong = [](const std::string& s) {
      return !s.empty() && parse_quantity(s) < 0 ? std::string_view("no amount")
                                                 : std::string_view();
    };
    input(box(x + third + gap, y, third, 32), label + " of the project", row.limit,
          {.hint = hint, .error = wrong(row.limit)});
    input(box(x + (third + gap) * 2, y, third, 32), label + " of each namespace", row.each,
          {.hint = hint, .error = wrong(row.each)});
    if (icon_button(x + w - 32, y, tokens::kIconClose, "Without " + label).pressed) drop = i;
    ImGui::PopID();
    y += 40;
  }
  if (drop < rows_.size()) rows_.erase(rows_.begin() + static_cast<std::ptrdiff_t>(drop));
  std::vector<Choice> left;
  for (const QuotaField& f : quota_fields()) {
    bool taken = false;
    for (const Row& row : rows_) taken |= row.id == f.id;
    if (!taken) left.push_back({f.id, f.label, {}});
  }
  std::string add;
  if (!left.empty() &&
      choose(box(x, y, ImMin(220.0f, w), 32), "Add a limit", left, add, "Add a limit"))
    rows_.push_back({add, {}, {}});
  y += 52;
  text(x, y, tokens::kTypeSection, c.text_primary, "Containers without limits of their own get",
       22);
  y += 28;
  const bool narrow = w < 520;
  const float each_w = narrow ? (w - gap) / 2 : (w - gap * 3) / 4;
  for (int i = 0; i < 4; i++) {
    const auto column = static_cast<float>(narrow ? i % 2 : i);
    field(x + column * (each_w + gap), y, each_w, kContainer[i].label, container_[i],
          {.hint = kContainer[i].hint,
           .error = !container_[i].empty() && parse_quantity(container_[i]) < 0
                        ? std::string_view("no amount")
                        : std::string_view()});
    if (narrow && i % 2 == 1) y += kFieldHeight;
  }
  return narrow ? y : y + kFieldHeight;
}

std::string QuotaForm::problem() const {
  for (const Row& row : rows_) {
    const std::string label = quota_label(row.id);
    for (const std::string* s : {&row.limit, &row.each}) {
      if (s->empty()) return label + ": both amounts are needed";
      if (parse_quantity(*s) < 0) return label + ": " + *s + " is no amount";
    }
    if (parse_quantity(row.each) > parse_quantity(row.limit))
      return label + ": a namespace gets more than the project has";
  }
  for (int i = 0; i < 4; i++) {
    if (!container_[i].empty() && parse_quantity(container_[i]) < 0)
      return std::string(kContainer[i].label) + ": " + container_[i] + " is no amount";
  }
  return {};
}

void QuotaForm::store(Json& project) const {
  Json limit = Json::object(), each = Json::object(), container = Json::object();
  for (const Row& row : rows_) {
    limit.set(row.id, row.limit);
    each.set(row.id, row.each);
  }
  for (int i = 0; i < 4; i++) {
    if (!container_[i].empty()) container.set(kContainer[i].id, container_[i]);
  }
  const bool none = rows_.empty();
  project.set("resourceQuota", none ? Json() : Json::object({{"limit", std::move(limit)}}));
  project.set("namespaceDefaultResourceQuota",
              none ? Json() : Json::object({{"limit", std::move(each)}}));
  project.set("containerDefaultResourceLimit", container.size() == 0 ? Json() : container);
}

}  // namespace web
