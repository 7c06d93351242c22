// Object: one object of a cluster: what it is, its YAML, its events; kept true by a watch.
#include <algorithm>
#include <cmath>

#include "engine/base/base64.h"
#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/delete_dialog.h"
#include "web/pages/dock.h"
#include "web/pages/object_yaml.h"
#include "web/pages/reasons.h"

namespace web {
namespace {

class ObjectPage final : public Page {
 public:
  explicit ObjectPage(const Route& r)
      : cluster_(r.part(1)),
        group_(r.part(3) == "core" ? "" : r.part(3)),
        plural_(r.part(4)),
        ns_(r.part(5) == "_" ? "" : r.part(5)),
        name_(r.part(6)) {}
  ~ObjectPage() override {
    if (app_ != nullptr) app_->api.cancel(watch_);
  }
  std::string title(App&) override { return name_; }
  bool unsaved() const override { return yaml_.dirty(); }

 private:
  void draw_content(Frame& f) override;
  void load();
  void watch();
  void take_watch(std::string_view bytes);
  void load_events();
  void head(const Rect& r);
  void overview(const Rect& r);
  float details(float x, float y, float w);
  float tags(float x, float y, float w, const char* title, const char* field);
  float containers(float x, float y, float w);
  float conditions(float x, float y, float w);
  float data(float x, float y, float w);
  void events(const Rect& r);
  void ask_delete();
  void scale_dialog();
  void patch(const Json& body, const std::string& done);
  std::string state(Tone* tone) const;
  std::string url() const { return app_->cluster(cluster_).base + kind_.object_path(ns_, name_); }

  std::string cluster_, group_, plural_, ns_, name_;
  App* app_ = nullptr;
  ApiKind kind_;
  bool known_ = false, asked_ = false, gone_ = false;
  Lifetime alive_;
  Json object_;
  std::string error_, rest_;
  RequestId watch_ = 0;
  double again_at_ = -1;
  ObjectYaml yaml_;
  DeleteDialog delete_;
  std::vector<Json> events_;
  bool events_loaded_ = false;
  double events_at_ = -1e9;
  std::string replicas_;
  std::map<std::string, bool> revealed_;
};

void ObjectPage::load() {
  asked_ = true;
  again_at_ = -1;
  app_->api.get(url(), alive_.guard([this](Result<Json> answer) {
    if (!answer) {
      error_ = answer.error().message();
      gone_ = answer.error().code() == 404;
      if (answer.error().code() >= 500) again_at_ = ui().now + 5000;
      return;
    }
    error_.clear();
    gone_ = false;
    object_ = std::move(*answer);
    yaml_.show(object_);
    if (kind_.can_watch) watch();
  }));
}

void ObjectPage::watch() {
  app_->api.cancel(watch_);
  rest_.clear();
  const std::string query =
      "?watch=1&fieldSelector=" + url_escape("metadata.name=" + name_) +
      "&resourceVersion=" + url_escape(object_.str({"metadata", "resourceVersion"}));
  watch_ = app_->api.stream(app_->cluster(cluster_).base + kind_.list_path(ns_) + query,
                            alive_.guard([this](std::string_view bytes) { take_watch(bytes); }),
                            alive_.guard([this](Status*) {
                              watch_ = 0;
                              if (!gone_) again_at_ = app_->backend.now_ms() + 3000;
                            }));
}

void ObjectPage::take_watch(std::string_view bytes) {
  rest_ += bytes;
  size_t from = 0;
  for (size_t end; (end = rest_.find('\n', from)) != rest_.npos; from = end + 1) {
    auto event = engine::parse_json(std::string_view(rest_).substr(from, end - from));
    if (!event) continue;
    Json* object = event->find("object");
    if (object == nullptr || event->str("type") == "BOOKMARK" || event->str("type") == "ERROR")
      continue;
    if (event->str("type") == "DELETED") {
      gone_ = true;
      continue;
    }
    gone_ = false;
    object_ = std::move(*object);
    yaml_.show(object_);
  }
  rest_.erase(0, from);
}

void ObjectPage::load_events() {
  if (ui().now - events_at_ < 10000) return;
  events_at_ = ui().now;
  const std::string path =
      app_->cluster(cluster_).base +
      (ns_.empty() ? "/api/v1/events" : "/api/v1/namespaces/" + url_escape(ns_) + "/events") +
      "?limit=200&fieldSelector=" + url_escape("involvedObject.name=" + name_);
  app_->api.get(path, alive_.guard([this](Result<Json> answer) {
    events_loaded_ = true;
    if (!answer) return;
    events_.clear();
    const Json* items = answer->find("items");
    if (items == nullptr || !items->is_array()) return;
    for (const Json& e : items->as_array()) {
      const std::string_view kind = e.str({"involvedObject", "kind"});
      if (kind.empty() || kind == kind_.kind) events_.push_back(e);
    }
    std::sort(events_.begin(), events_.end(), [](const Json& a, const Json& b) {
      return a.str({"metadata", "creationTimestamp"}) > b.str({"metadata", "creationTimestamp"});
    });
  }));
}

std::string ObjectPage::state(Tone* tone) const {
  *tone = Tone::kSuccess;
  if (gone_) {
    *tone = Tone::kError;
    return "Deleted";
  }
  if (object_.at({"metadata", "deletionTimestamp"}) != nullptr) {
    *tone = Tone::kTransitioning;
    return "Terminating";
  }
  const int64_t want = object_.integer({"spec", "replicas"}, -1);
  if (want >= 0 && object_.find("status") != nullptr) {
    const int64_t ready = object_.integer({"status", "readyReplicas"});
    if (ready < want) *tone = ready == 0 ? Tone::kError : Tone::kWarning;
    if (want == 0) {
      *tone = Tone::kNeutral;
      return "Scaled to zero";
    }
    return std::to_string(ready) + " of " + std::to_string(want) + " ready";
  }
  if (kind_.kind == "Pod") {
    const Json* list = object_.at({"status", "containerStatuses"});
    if (list != nullptr && list->is_array()) {
      for (const Json& c : list->as_array()) {
        const std::string_view why = c.str({"state", "waiting", "reason"});
        if (why.empty()) continue;
        *tone = tone_of(why);
        return std::string(why);
      }
    }
  }
  if (kind_.kind == "Node") {
    const Json* list = object_.at({"status", "conditions"});
    if (list != nullptr && list->is_array()) {
      for (const Json& c : list->as_array()) {
        if (c.str("type") != "Ready") continue;
        *tone = c.str("status") == "True" ? Tone::kSuccess : Tone::kError;
        return c.str("status") == "True"
                   ? (object_.truth({"spec", "unschedulable"}) ? "Ready, cordoned" : "Ready")
                   : "Not ready";
      }
    }
  }
  const std::string_view phase = object_.str({"status", "phase"});
  if (!phase.empty()) *tone = tone_of(phase);
  return std::string(phase);
}

void ObjectPage::patch(const Json& body, const std::string& done) {
  app_->api.send("PATCH", url(), body, alive_.guard([this, done](Result<Json> answer) {
    if (!answer)
      app_->toast(Tone::kError, "Not changed", answer.error().message());
    else
      app_->toast(Tone::kSuccess, done, name_);
  }),
                 "application/merge-patch+json");
}

void ObjectPage::ask_delete() {
  delete_.ask(kind_.kind, {{name_, url()}},
              {.words = "What it owns is deleted with it. This cannot be undone."});
}

void ObjectPage::scale_dialog() {
  Rect r;
  if (!begin_dialog("Scale", 360, 180, &r)) return;
  text(r.Min.x + 24, r.Min.y + 18, tokens::kTypeHeading, col().text_primary, "Scale " + name_);
  text(r.Min.x + 24, r.Min.y + 52, tokens::kTypeBody, col().text_secondary, "Replicas");
  bool submitted = false;
  input(box(r.Min.x + 24, r.Min.y + 76, 120, 32), "Replicas", replicas_,
        {.focus = ImGui::IsWindowAppearing()}, &submitted);
  bool ok = !replicas_.empty() && replicas_.size() < 6;
  for (const char ch : replicas_) ok &= ch >= '0' && ch <= '9';
  float x = r.Max.x - 24;
  const bool pressed =
      button_left_of(x, r.Max.y - 48, "Apply", {.kind = ButtonKind::kPrimary, .disabled = !ok});
  if ((pressed || submitted) && ok) {
    patch(Json::object({{"spec", Json::object({{"replicas", std::atoi(replicas_.c_str())}})}}),
          "Scaled to " + replicas_);
    ImGui::CloseCurrentPopup();
  }
  if (button_left_of(x, r.Max.y - 48, "Cancel")) ImGui::CloseCurrentPopup();
  end_dialog();
}

void ObjectPage::head(const Rect& r) {
  const auto& c = col();
  float x = r.Min.x + 24;
  icon(x, r.Min.y + 22, 22, c.text_secondary, tokens::kIconCubeOutline);
  x += 34;
  float right = r.Max.x - 24;
  std::string_view why;
  const bool live = app_->may_change(&why) && !gone_;
  right -= 32;
  if (icon_button(right, r.Min.y + 16, tokens::kIconDotsVertical, "More actions", {.framed = true})
          .pressed)
    open_menu("More");
  if (begin_menu("More", ImVec2(right + 32, r.Min.y + 52), 220, true)) {
    if (menu_item(tokens::kIconContentCopy, "Copy name")) app_->copy(name_, name_);
    if (menu_item(tokens::kIconDownload, "Download YAML"))
      app_->open_download(url(), name_ + ".yaml");
    if (kind_.kind == "Node") {
      const bool off = object_.truth({"spec", "unschedulable"});
      if (menu_item(tokens::kIconPause, off ? "Uncordon" : "Cordon",
                    {.disabled = !live, .tip = why})) {
        patch(Json::object({{"spec", Json::object({{"unschedulable", !off}})}}),
              off ? "Uncordoned" : "Cordoned");
      }
    }
    menu_gap();
    if (menu_item(
            tokens::kIconDeleteOutline, "Delete",
            {.key = "Del", .danger = true, .disabled = !live || !kind_.can_delete, .tip = why}))
      ask_delete();
    end_menu();
  }
  right -= 8;
  if (kind_.kind == "Pod") {
    const PodRef pod{cluster_, ns_, name_, {}};
    if (button_left_of(right, r.Min.y + 16, "Shell",
                       {.icon = tokens::kIconConsoleLine, .disabled = !live}))
      open_pod_shell(*app_, pod);
    if (button_left_of(right, r.Min.y + 16, "Log", {.icon = tokens::kIconTextLong}))
      open_pod_log(*app_, pod);
  }
  const bool workload =
      kind_.group == "apps" &&
      (plural_ == "deployments" || plural_ == "statefulsets" || plural_ == "daemonsets");
  if (workload && plural_ != "daemonsets" &&
      button_left_of(right, r.Min.y + 16, "Scale",
                     {.icon = tokens::kIconArrowExpandVertical, .disabled = !live, .tip = why})) {
    replicas_ = std::to_string(object_.integer({"spec", "replicas"}, 1));
    open_dialog("Scale");
  }
  if (workload && button_left_of(right, r.Min.y + 16, "Redeploy",
                                 {.icon = tokens::kIconRestart, .disabled = !live, .tip = why})) {
    const std::string at = time_text(ui().wall, 0);
    patch(Json::object(
              {{"spec", Json::object(
                            {{"template",
                              Json::object({{"metadata",
                                             Json::object({{"annotations",
                                                            Json::object({{"paddock.io/restartedAt",
                                                                           at}})}})}})}})}}),
          "Redeploying");
  }
  scale_dialog();
  Tone tone;
  const std::string st = state(&tone);
  const float bw = st.empty() ? 0 : state_badge_width(st, tone) + 10;
  const std::string shown =
      fit_middle(tokens::kTypeTitle, name_, ImMax(120.0f, right - x - bw - 220));
  const float w = text(x, r.Min.y, tokens::kTypeTitle, c.text_primary, shown, 64);
  say_heading(box(x, r.Min.y, w, 64), name_, 1);
  x += w + 8;
  if (!st.empty()) {
    x += state_badge(x, r.Min.y + 20, 24, st, tone) + 12;
    ui().mirror.say(id_of("state"), Role::kStatus, st, place(box(x - 60, r.Min.y + 20, 50, 24)));
  }
  std::string about = kind_.kind + (ns_.empty() ? "" : " in " + ns_);
  const int64_t created = parse_time(object_.str({"metadata", "creationTimestamp"}));
  if (created > 0) about += " \xc2\xb7 " + age_text(created, ui().wall) + " old";
  text_fit(x, r.Min.y + 1, tokens::kTypeSmall, c.text_secondary, about, right - x - 8, 64);
}

float ObjectPage::details(float x, float y, float w) {
  struct Line {
    std::string label, value, href;
    bool mono = false;
  };
  std::vector<Line> lines;
  ClusterView& view = app_->cluster(cluster_);
  if (!ns_.empty()) {
    const ApiKind* k = view.discovery.find("", "namespaces");
    lines.push_back({"Namespace", ns_, k != nullptr ? object_url(cluster_, *k, "", ns_) : ""});
  }
  const int64_t created = parse_time(object_.str({"metadata", "creationTimestamp"}));
  if (created > 0)
    lines.push_back({"Created", time_text(created, app_->backend.zone_minutes(created)), ""});
  if (const Json* owners = object_.at({"metadata", "ownerReferences"});
      owners != nullptr && owners->is_array()) {
    for (const Json& o : owners->as_array()) {
      const ApiKind* k = view.discovery.find_kind(o.str("apiVersion"), o.str("kind"));
      lines.push_back(
          {"Owned by", std::string(o.str("kind")) + " " + std::string(o.str("name")),
           k != nullptr ? object_url(cluster_, *k, k->namespaced ? ns_ : "", o.str("name")) : ""});
    }
  }
  auto field = [&](const char* label, std::initializer_list<std::string_view> path, bool mono) {
    const Json* v = object_.at(path);
    if (v == nullptr || v->is_null() || v->is_object() || v->is_array()) return;
    lines.push_back({label, v->is_string() ? v->as_string() : engine::dump(*v), "", mono});
  };
  if (const std::string_view node = object_.str({"spec", "nodeName"}); !node.empty()) {
    const ApiKind* k = view.discovery.find("", "nodes");
    lines.push_back(
        {"Node", std::string(node), k != nullptr ? object_url(cluster_, *k, "", node) : ""});
  }
  field("Pod IP", {"status", "podIP"}, true);
  field("Service account", {"spec", "serviceAccountName"}, false);
  field("Type", {"type"}, false);
  field("Type", {"spec", "type"}, false);
  field("Cluster IP", {"spec", "clusterIP"}, true);
  field("Schedule", {"spec", "schedule"}, true);
  field("Strategy", {"spec", "strategy", "type"}, false);
  field("Kubelet", {"status", "nodeInfo", "kubeletVersion"}, true);
  field("System", {"status", "nodeInfo", "osImage"}, false);
  field("Architecture", {"status", "nodeInfo", "architecture"}, false);
  field("Runtime", {"status", "nodeInfo", "containerRuntimeVersion"}, true);
  lines.push_back({"UID", std::string(object_.str({"metadata", "uid"})), "", true});
  const float h = 52 + 28 * static_cast<float>(lines.size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Details", 24);
  float ly = y + 44;
  for (const Line& l : lines) {
    text(x + 16, ly, tokens::kTypeBody, col().text_secondary, l.label, 28);
    const float vx = x + 148;
    const std::string shown =
        fit_middle(l.mono ? tokens::kTypeCode : tokens::kTypeBody, l.value, w - 164);
    if (!l.href.empty()) {
      if (link(vx, ly, tokens::kTypeBody, shown, l.href, 28)) app_->go(l.href);
    } else {
      text(vx, ly, l.mono ? tokens::kTypeCode : tokens::kTypeBody, col().text_primary, shown, 28);
    }
    say_text(box(x + 16, ly, w - 32, 28), l.label + " " + l.value);
    ly += 28;
  }
  return y + h + 16;
}

float ObjectPage::tags(float x, float y, float w, const char* title, const char* field) {
  const Json* all = object_.at({"metadata", field});
  if (all == nullptr || !all->is_object() || all->size() == 0) return y;
  const float top = y;
  canvas()->ChannelsSplit(2);
  canvas()->ChannelsSetCurrent(1);
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, title, 24);
  float tx = x + 16, ty = y + 44;
  for (const auto& [key, value] : all->as_object()) {
    if (key == "kubectl.kubernetes.io/last-applied-configuration") continue;
    const std::string words = fit_end(
        tokens::kTypeSmall,
        key + (value.is_string() && !value.as_string().empty() ? "=" + value.as_string() : ""),
        w - 60);
    const float tw = tag_width(words);
    if (tx + tw > x + w - 16 && tx > x + 16) {
      tx = x + 16;
      ty += 28;
    }
    tag(tx, ty, words);
    say_text(box(tx, ty, tw, 22), words);
    tx += tw + 6;
  }
  canvas()->ChannelsSetCurrent(0);
  const Rect r(x, top, x + w, ty + 36);
  card(r);
  canvas()->ChannelsMerge();
  return r.Max.y + 16;
}

float ObjectPage::containers(float x, float y, float w) {
  const Json* list = object_.at({"spec", "containers"});
  const bool pod = list != nullptr;
  if (list == nullptr) list = object_.at({"spec", "template", "spec", "containers"});
  if (list == nullptr)
    list = object_.at({"spec", "jobTemplate", "spec", "template", "spec", "containers"});
  if (list == nullptr || !list->is_array()) return y;
  const float h = 52 + 56 * static_cast<float>(list->size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Containers", 24);
  float cy = y + 46;
  for (const Json& c : list->as_array()) {
    const std::string name(c.str("name"));
    hline(x, x + w, cy, col().border_subtle);
    Tone tone = Tone::kNeutral;
    std::string note;
    if (const Json* statuses = object_.at({"status", "containerStatuses"});
        pod && statuses != nullptr && statuses->is_array()) {
      for (const Json& s : statuses->as_array()) {
        if (s.str("name") != name) continue;
        tone = s.truth({"ready"}) ? Tone::kSuccess : Tone::kTransitioning;
        const std::string_view why = s.str({"state", "waiting", "reason"});
        if (!why.empty()) tone = tone_of(why), note = why;
        if (s.at({"state", "terminated"}) != nullptr)
          tone = Tone::kNeutral, note = s.str({"state", "terminated", "reason"});
        const int64_t restarts = s.integer({"restartCount"});
        if (restarts > 0)
          note += (note.empty() ? "" : ", ") + count_text(restarts) +
                  (restarts == 1 ? " restart" : " restarts");
      }
    }
    tone_mark(x + 16, cy + 12, 16, tone);
    float nx = x + 40;
    nx += text(nx, cy + 8, tokens::kTypeBodyStrong, col().text_primary, name, 22) + 10;
    text_fit(nx, cy + 8, tokens::kTypeSmall,
             tone == Tone::kError ? col().state_error_text : col().text_tertiary, note,
             x + w - 180 - nx, 22);
    text(x + 40, cy + 30, tokens::kTypeCode, col().text_secondary,
         fit_middle(tokens::kTypeCode, c.str("image"), w - 60), 18);
    say_text(box(x + 16, cy + 8, w - 200, 40),
             name + " " + note + " " + std::string(c.str("image")));
    if (pod) {
      ImGui::PushID(name.c_str());
      float right = x + w - 12;
      const PodRef ref{cluster_, ns_, name_, {}};
      const ButtonOptions small{
          .kind = ButtonKind::kGhost, .height = 28, .style = &tokens::kTypeSmallStrong};
      if (button_left_of(right, cy + 6, "Shell", small)) open_pod_shell(*app_, ref, name);
      if (button_left_of(right, cy + 6, "Log", small)) open_pod_log(*app_, ref, name);
      ImGui::PopID();
    }
    cy += 56;
  }
  return y + h + 16;
}

float ObjectPage::conditions(float x, float y, float w) {
  const Json* list = object_.at({"status", "conditions"});
  if (list == nullptr || !list->is_array() || list->size() == 0) return y;
  const float h = 52 + 44 * static_cast<float>(list->size());
  card(box(x, y, w, h));
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary, "Conditions", 24);
  float cy = y + 44;
  for (const Json& c : list->as_array()) {
    const std::string_view type = c.str("type"), status = c.str("status");
    const bool bad_when_true = type.ends_with("Pressure") || type == "NetworkUnavailable" ||
                               type == "ReplicaFailure" || type == "Failed";
    const Tone tone = status == "Unknown"                   ? Tone::kTransitioning
                      : (status == "True") != bad_when_true ? Tone::kSuccess
                                                            : Tone::kWarning;
    hline(x, x + w, cy, col().border_subtle);
    tone_mark(x + 16, cy + 6, 15, tone);
    const float tw = text(x + 40, cy + 3, tokens::kTypeBodyStrong, col().text_primary, type, 20);
    text(x + 50 + tw, cy + 3, tokens::kTypeSmall, col().text_tertiary, status, 20);
    const int64_t since = parse_time(c.str("lastTransitionTime"));
    if (since > 0)
      text_right(x + w - 16, cy + 3, tokens::kTypeSmall, col().text_tertiary,
                 age_text(since, ui().wall), 20);
    const std::string words =
        std::string(c.str("message").empty() ? c.str("reason") : c.str("message"));
    text_fit(x + 40, cy + 22, tokens::kTypeSmall, col().text_secondary, words, w - 56, 18);
    say_text(box(x + 16, cy, w - 32, 40),
             std::string(type) + " " + std::string(status) + " " + words);
    cy += 44;
  }
  return y + h + 16;
}

float ObjectPage::data(float x, float y, float w) {
  const bool secret = kind_.kind == "Secret";
  const Json* all = object_.find("data");
  if ((!secret && kind_.kind != "ConfigMap") || all == nullptr || !all->is_object() ||
      all->size() == 0)
    return y;
  const float top = y;
  canvas()->ChannelsSplit(2);
  canvas()->ChannelsSetCurrent(1);
  text(x + 16, y + 12, tokens::kTypeSection, col().text_primary,
       secret ? "Values, hidden until asked for" : "Data", 24);
  y += 46;
  for (const auto& [key, value] : all->as_object()) {
    if (!value.is_string()) continue;
    hline(x, x + w, y, col().border_subtle);
    ImGui::PushID(key.c_str());
    text_fit(x + 16, y + 4, tokens::kTypeBodyStrong, col().text_primary, key, w - 120, 28);
    say_text(box(x + 16, y + 4, w - 120, 28), key);
    std::string plain = value.as_string();
    if (secret) plain = engine::base64_decode(plain).value_or(plain);
    bool& shown = revealed_[key];
    if (icon_button(x + w - 44, y + 4, tokens::kIconContentCopy, "Copy " + key,
                    {.size = 28, .glyph = 16})
            .pressed)
      app_->copy(plain, key);
    if (secret &&
        icon_button(x + w - 76, y + 4, shown ? tokens::kIconEyeOffOutline : tokens::kIconEyeOutline,
                    shown ? "Hide " + key : "Show " + key, {.size = 28, .glyph = 16})
            .pressed)
      shown = !shown;
    y += 34;
    if (secret && !shown) {
      text(x + 16, y - 2, tokens::kTypeCode, col().text_tertiary,
           "\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2\xe2\x80\xa2"
           "\xe2\x80\xa2",
           20);
      y += 26;
    } else {
      y += text_wrap(x + 16, y - 2, tokens::kTypeCode, col().code_plain, plain, w - 32, 20, 12) + 8;
    }
    ImGui::PopID();
  }
  canvas()->ChannelsSetCurrent(0);
  card(Rect(x, top, x + w, y + 4));
  canvas()->ChannelsMerge();
  return y + 20;
}

void ObjectPage::overview(const Rect& r) {
  if (!begin_area("overview", r)) return end_area();
  const float scroll = ImGui::GetScrollY();
  const bool two = r.GetWidth() > 860;
  const float x = r.Min.x + 24, w = two ? std::floor((r.GetWidth() - 64) / 2) : r.GetWidth() - 48;
  float y = r.Min.y + 20 - scroll;
  if (kind_.kind == "Pod") {
    const std::string why = pod_reason(object_);
    if (!why.empty()) {
      const Rect b = box(x, y, r.GetWidth() - 48, 40);
      banner_box(b, Tone::kWarning);
      tone_mark(b.Min.x + 14, b.Min.y + 12, 16, Tone::kWarning);
      text_fit(b.Min.x + 40, b.Min.y, tokens::kTypeBody, col().text_primary, why, b.GetWidth() - 56,
               40);
      say_text(b, why);
      y += 56;
    }
  }
  float left = y, right = y;
  left = details(x, left, w);
  float& other = two ? right : left;
  const float ox = two ? x + w + 16 : x;
  other = containers(ox, other, w);
  other = data(ox, other, w);
  other = conditions(ox, other, w);
  left = tags(x, left, w, "Labels", "labels");
  left = tags(x, left, w, "Annotations", "annotations");
  end_area(ImMax(left, right) + 8);
}

void ObjectPage::events(const Rect& r) {
  load_events();
  if (!events_loaded_) return;
  if (events_.empty())
    return empty_page(r, tokens::kIconBellRingOutline, "No events",
                      "Nothing was said about it in the last hour.");
  if (!begin_area("events", r)) return end_area();
  float y = r.Min.y + 4 - ImGui::GetScrollY();
  for (const Json& e : events_) {
    const bool warning = e.str("type") == "Warning";
    if (warning)
      icon(r.Min.x + 24, y + 10, 15, col().state_warning_solid, tokens::kIconAlert);
    else
      canvas()->AddCircleFilled(ImVec2(r.Min.x + 31, y + 17), 2.5f, col().text_tertiary);
    std::string_view last = e.str("lastTimestamp");
    if (last.empty()) last = e.str("eventTime");
    if (last.empty()) last = e.str({"metadata", "creationTimestamp"});
    text(r.Min.x + 48, y + 6, tokens::kTypeBodyStrong, col().text_primary, e.str("reason"), 22);
    std::string when = age_text(parse_time(last), ui().wall);
    if (e.integer({"count"}) > 1)
      when = "\xc3\x97" + count_text(e.integer({"count"})) + "   " + when;
    text_right(r.Max.x - 24, y + 6, tokens::kTypeSmall, col().text_tertiary, when, 22);
    const float h = text_wrap(r.Min.x + 48, y + 28, tokens::kTypeBody, col().text_secondary,
                              e.str("message"), r.GetWidth() - 96, 20, 6);
    say_text(box(r.Min.x + 24, y, r.GetWidth() - 48, h + 30),
             std::string(e.str("reason")) + ": " + std::string(e.str("message")));
    y += 28 + h + 10;
    hline(r.Min.x, r.Max.x, y - 1, col().border_subtle);
  }
  end_area(y + 8);
}

void ObjectPage::draw_content(Frame& f) {
  app_ = &f.app;
  ClusterView& view = app_->cluster(cluster_);
  if (!known_) {
    const ApiKind* kind = view.discovery.find(group_, plural_);
    if (kind == nullptr) {
      if (!view.discovery.error().empty()) {
        if (error_page(f.area, "The cluster does not answer", view.discovery.error()) == 1)
          view.discovery.load();
      } else if (view.discovery.loaded()) {
        empty_page(f.area, tokens::kIconCompassOffOutline, "The cluster has no " + plural_,
                   "No such kind in its API.");
      }
      return;
    }
    kind_ = *kind;
    known_ = true;
  }
  if (!asked_ || (again_at_ >= 0 && ui().now >= again_at_)) load();
  if (again_at_ >= 0) ui().after(ImMax(1.0, again_at_ - ui().now));
  const Rect& a = f.area;
  if (object_.is_null()) {
    if (gone_) {
      empty_page(a, tokens::kIconCompassOffOutline, kind_.kind + " " + name_ + " does not exist",
                 "It was deleted, or never was.");
      const float w = button_width("Show all " + kind_label(kind_));
      if (button(std::round(a.GetCenter().x - w / 2),
                 a.Min.y + ImMax(24.0f, (a.GetHeight() - 120) / 2.6f) + 104,
                 "Show all " + kind_label(kind_)))
        app_->go(list_url(cluster_, kind_));
    } else if (!error_.empty()) {
      if (error_page(a, name_ + " cannot be read", error_) == 1) load();
    } else if (ui().now > 200) {
      skeleton_rows(Rect(a.Min.x, a.Min.y + 110, a.Max.x, a.Max.y), 40);
    }
    return;
  }
  head(box(a.Min.x, a.Min.y, a.GetWidth(), 64));
  const Tab list[] = {
      {"Overview"}, {"YAML"}, {"Events", events_loaded_ ? static_cast<int>(events_.size()) : -1}};
  const int current = f.route.tab == "yaml" ? 1 : f.route.tab == "events" ? 2 : 0;
  const int pressed = tabs(a.Min.x + 24, a.Min.y + 64, 40, list, 3, current, "Parts of " + name_);
  hline(a.Min.x, a.Max.x, a.Min.y + 103, col().border_default);
  if (pressed >= 0 && pressed != current) {
    Route to = f.route;
    to.tab = pressed == 1 ? "yaml" : pressed == 2 ? "events" : "";
    app_->replace(to);
  }
  const Rect body(a.Min.x, a.Min.y + 104, a.Max.x, a.Max.y);
  if (current == 1)
    yaml_.draw(*app_, body, url(), kind_.can_update && !gone_);
  else if (current == 2)
    events(body);
  else
    overview(body);
  if (app_->shortcut(ImGuiKey_Delete)) ask_delete();
  if (app_->shortcut(ImGuiKey_Y)) {
    Route to = f.route;
    to.tab = "yaml";
    app_->replace(to);
  }
  if (kind_.kind == "Pod" && app_->shortcut(ImGuiKey_L))
    open_pod_log(*app_, {cluster_, ns_, name_, {}});
  if (kind_.kind == "Pod" && app_->shortcut(ImGuiKey_S))
    open_pod_shell(*app_, {cluster_, ns_, name_, {}});
  delete_.draw(*app_);
}

}  // namespace

void register_object(PageSet& set) {
  set.add("c/*/r/*/*/*/*", [](const Route& r) { return std::make_unique<ObjectPage>(r); });
}

}  // namespace web
