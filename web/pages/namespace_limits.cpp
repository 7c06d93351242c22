#include "web/pages/namespace_limits.h"

#include "web/pages/cluster_facts.h"
#include "web/pages/quotas.h"
#include "web/widgets/forms.h"

namespace web {

void LimitsDialog::ask(App& app, std::string cluster, std::string name) {
  cluster_ = std::move(cluster);
  name_ = std::move(name);
  quota_.clear();
  containers_.clear();
  error_.clear();
  busy_ = done_ = false;
  const Json* ns = namespaces_of(app, cluster_).find(name_);
  if (ns == nullptr) return;
  opening_ = true;
  const Json* p = projects_of(app, cluster_).find(ns->str("projectId"));
  const Json* limit = p == nullptr ? nullptr : p->at({"resourceQuota", "limit"});
  for (const QuotaField& f : quota_fields()) {
    const std::string most = quota_value(limit, f.id);
    if (most.empty()) continue;
    const std::string own = quota_value(ns->at({"resourceQuota", "limit"}), f.id),
                      used = quota_value(p->at({"resourceQuota", "usedLimit"}), f.id);
    Row row{f.id, f.label, f.hint, own, {}, own};
    const double all = parse_quantity(most), taken = used.empty() ? 0 : parse_quantity(used),
                 mine = own.empty() ? 0 : parse_quantity(own);
    if (all >= 0 && taken >= 0 && mine >= 0) row.left = ImMax(0.0, all - taken + mine);
    if (row.left >= 0) row.most = quota_amount_of(f.id, row.left);
    quota_.push_back(std::move(row));
  }
  for (const QuotaField& f : container_fields()) {
    const std::string own = quota_value(ns->find("containerDefaultResourceLimit"), f.id);
    containers_.push_back({f.id, std::string(f.label) + " of each", f.hint, own, {}, own});
  }
}

std::string LimitsDialog::problem(const Row& row) const {
  if (row.value.empty()) return {};
  const double n = parse_quantity(row.value);
  if (n < 0) return "no amount";
  if (row.left >= 0 && n > row.left + 1e-9) return "more than is left";
  return {};
}

// Two fields a line.
void LimitsDialog::grid(std::vector<Row>& rows, float x, float& y, float w) {
  const float half = (w - 12) / 2;
  for (size_t i = 0; i < rows.size(); i++) {
    Row& row = rows[i];
    const std::string why = problem(row);
    field(x + (i % 2 == 1 ? half + 12 : 0), y, half, row.label, row.value,
          {.hint = row.hint, .error = why},
          !why.empty()       ? why
          : row.most.empty() ? std::string()
                             : "up to " + row.most);
    if (i % 2 == 1 || i + 1 == rows.size()) y += kFieldHeight;
  }
}

void LimitsDialog::save(App& app) {
  busy_ = true;
  error_.clear();
  Json limit = Json::object(), containers = Json::object();
  for (const Row& row : quota_) {
    if (!row.value.empty()) limit.set(row.id, row.value);
  }
  // What was there and is empty now is taken away.
  for (const Row& row : containers_) {
    if (!row.value.empty())
      containers.set(row.id, row.value);
    else if (!row.was.empty())
      containers.set(row.id, Json());
  }
  Json body = Json::object();
  if (!quota_.empty()) body.set("resourceQuota", Json::object({{"limit", std::move(limit)}}));
  if (containers.size() > 0) body.set("containerDefaultResourceLimit", std::move(containers));
  app.api.send("PUT", namespaces_path(cluster_) + "/" + url_escape(name_), body,
               alive_.guard([this, &app](Result<Json> answer) {
                 busy_ = false;
                 if (!answer) {
                   error_ = answer.error().message();
                   return;
                 }
                 done_ = true;
                 app.toast(Tone::kSuccess, "Saved the limits of " + name_);
                 app.v3.reload(namespaces_of(app, cluster_));
                 app.v3.reload(projects_of(app, cluster_));
               }));
}

void LimitsDialog::draw(App& app) {
  if (opening_) open_dialog("Limits");
  opening_ = false;
  const float lines = static_cast<float>((quota_.size() + 1) / 2 + 2);
  Rect r;
  if (!begin_dialog("Limits", tokens::kShellDialogSm,
                    210 + (quota_.empty() ? 20.0f : 0.0f) + lines * kFieldHeight, &r))
    return;
  const float x = r.Min.x + 24, w = r.GetWidth() - 48;
  float y = dialog_head(r, "Limits of " + name_);
  text(x, y, tokens::kTypeSection, col().text_primary, "Quota", 22);
  say_heading(box(x, y, 80, 22), "Quota", 3);
  y += 28;
  if (quota_.empty()) {
    text_fit(x, y - 4, tokens::kTypeBody, col().text_secondary,
             "Its project limits nothing, so there is nothing to share out.", w, 20);
    y += 20;
  }
  grid(quota_, x, y, w);
  text(x, y, tokens::kTypeSection, col().text_primary, "Containers without limits of their own get",
       22);
  y += 28;
  grid(containers_, x, y, w);
  bool good = true;
  for (const std::vector<Row>* rows : {&quota_, &containers_}) {
    for (const Row& row : *rows) good = good && problem(row).empty();
  }
  if (dialog_foot(r, {.action = "Save",
                      .ready = good && !busy_,
                      .busy = busy_,
                      .tip = "An amount does not fit",
                      .error = error_}) == Foot::kGo)
    save(app);
  if (done_) ImGui::CloseCurrentPopup();
  done_ = false;
  end_dialog();
}

}  // namespace web
