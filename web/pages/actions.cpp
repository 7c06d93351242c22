#include "web/pages/actions.h"

#include <cstdlib>

#include "web/pages/app.h"

namespace web {
namespace {

void patch(App& app, const std::string& url, const Json& body, const std::string& done,
           const std::string& name) {
  app.api.send(
      "PATCH", url, body,
      [&app, done, name](Result<Json> answer) {
        if (!answer)
          app.toast(Tone::kError, name + " was not changed", answer.error().message());
        else
          app.toast(Tone::kSuccess, done, name);
      },
      "application/merge-patch+json");
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> list) {
  for (const std::string_view w : list) {
    if (w == word) return true;
  }
  return false;
}

}  // namespace

bool can_scale(const ApiKind& kind) {
  return kind.group == "apps" &&
         one_of(kind.plural, {"deployments", "statefulsets", "replicasets"});
}

bool can_restart(const ApiKind& kind) {
  return kind.group == "apps" && one_of(kind.plural, {"deployments", "statefulsets", "daemonsets"});
}

bool is_node(const ApiKind& kind) {
  return kind.group.empty() && kind.plural == "nodes";
}

void restart_workload(App& app, const std::string& url, const std::string& name) {
  Json body;
  body.make({"spec", "template", "metadata", "annotations"})
      .set("paddock.io/restartedAt", time_text(ui().wall, 0));
  patch(app, url, body, "Restarting", name);
}

void set_scheduling(App& app, const std::string& url, const std::string& name, Scheduling to) {
  const bool off = to == Scheduling::kOff;
  patch(app, url, Json::object({{"spec", Json::object({{"unschedulable", off}})}}),
        off ? "Cordoned" : "Uncordoned", name);
}

void ScaleDialog::ask(std::string url, std::string name, int64_t replicas) {
  url_ = std::move(url);
  name_ = std::move(name);
  replicas_ = std::to_string(replicas);
  opening_ = true;
}

void ScaleDialog::draw(App& app) {
  if (opening_) open_dialog("Scale");
  opening_ = false;
  Rect r;
  if (!begin_dialog("Scale", tokens::kShellDialogSm, 184, &r)) return;
  const std::string title = "Scale " + name_;
  text_fit(r.Min.x + 24, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, title,
           r.GetWidth() - 48);
  say_heading(box(r.Min.x + 24, r.Min.y + 18, r.GetWidth() - 48, 24), title, 2);
  text(r.Min.x + 24, r.Min.y + 52, tokens::kTypeBody, col().text_secondary, "Replicas");
  const float y = r.Min.y + 76;
  bool submitted = false;
  const int now = std::atoi(replicas_.c_str());
  if (icon_button(r.Min.x + 24, y, tokens::kIconMinus, "One fewer",
                  {.disabled = now <= 0, .framed = true})
          .pressed)
    replicas_ = std::to_string(now - 1);
  input(box(r.Min.x + 64, y, 88, 32), "Replicas", replicas_, {.focus = ImGui::IsWindowAppearing()},
        &submitted);
  if (icon_button(r.Min.x + 160, y, tokens::kIconPlus, "One more", {.framed = true}).pressed)
    replicas_ = std::to_string(now + 1);
  bool ok = !replicas_.empty() && replicas_.size() < 6;
  for (const char ch : replicas_) ok &= ch >= '0' && ch <= '9';
  float x = r.Max.x - 24;
  const bool pressed =
      button_left_of(x, r.Max.y - 52, "Scale", {.kind = ButtonKind::kPrimary, .disabled = !ok});
  if ((pressed || submitted) && ok) {
    patch(app, url_, Json::object({{"spec", Json::object({{"replicas", now}})}}),
          "Scaled to " + replicas_, name_);
    ImGui::CloseCurrentPopup();
  }
  if (button_left_of(x, r.Max.y - 52, "Cancel")) ImGui::CloseCurrentPopup();
  end_dialog();
}

}  // namespace web
