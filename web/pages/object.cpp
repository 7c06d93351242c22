#include "web/pages/object.h"

#include <algorithm>
#include <cmath>

#include "web/pages/dock.h"

namespace web {

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

void ObjectPage::ask_delete() {
  delete_.ask(kind_.kind, {{name_, url()}},
              {.words = "What it owns is deleted with it. This cannot be undone."});
}

// On a phone the buttons of the head are in the menu.
void ObjectPage::phone_items(bool live, std::string_view why) {
  menu_gap();
  if (kind_.kind == "Pod" && menu_item(tokens::kIconTextLong, "Log"))
    open_pod_log(*app_, {cluster_, ns_, name_, {}});
  if (can_scale(kind_) &&
      menu_item(tokens::kIconArrowExpandVertical, "Scale", {.disabled = !live, .tip = why}))
    scale_.ask(url(), name_, object_.integer({"spec", "replicas"}, 1));
  if (can_restart(kind_) &&
      menu_item(tokens::kIconRestart, "Restart", {.disabled = !live, .tip = why}))
    restart_workload(*app_, url(), name_);
  const bool off = object_.truth({"spec", "unschedulable"});
  if (is_node(kind_) && menu_item(off ? tokens::kIconCheck : tokens::kIconPause,
                                  off ? "Uncordon" : "Cordon", {.disabled = !live, .tip = why}))
    set_scheduling(*app_, url(), name_, off ? Scheduling::kOn : Scheduling::kOff);
}

void ObjectPage::more_menu(const ImVec2& at, bool live, std::string_view why) {
  if (begin_menu("More", at, 220, true)) {
    if (menu_item(tokens::kIconContentCopy, "Copy name")) app_->copy(name_, name_);
    if (menu_item(tokens::kIconDownload, "Download YAML"))
      app_->open_download(url(), name_ + ".yaml");
    if (menu_item(tokens::kIconUploadOutline, "Create another from YAML"))
      app_->go("/dashboard/c/" + url_escape(cluster_) + "/create?group=" + group_ +
               "&kind=" + plural_);
    if (app_->phone()) phone_items(live, why);
    menu_gap();
    if (menu_item(
            tokens::kIconDeleteOutline, "Delete",
            {.key = "Del", .danger = true, .disabled = !live || !kind_.can_delete, .tip = why}))
      ask_delete();
    end_menu();
  }
}

float ObjectPage::head_buttons(const Rect& r) {
  const float y = r.Min.y + 16;
  float right = r.Max.x - 24;
  std::string_view why;
  const bool live = app_->may_change(&why) && !gone_;
  right -= 32;
  if (icon_button(right, y, tokens::kIconDotsVertical, "More actions", {.framed = true}).pressed)
    open_menu("More");
  more_menu(ImVec2(right + 32, r.Min.y + 52), live, why);
  right -= 8;
  scale_.draw(*app_);
  if (app_->phone()) return right;  // the menu has them
  if (kind_.kind == "Pod") {
    const PodRef pod{cluster_, ns_, name_, {}};
    if (button_left_of(right, y, "Shell", {.icon = tokens::kIconConsoleLine, .disabled = !live}))
      open_pod_shell(*app_, pod);
    if (button_left_of(right, y, "Log", {.icon = tokens::kIconTextLong})) open_pod_log(*app_, pod);
  }
  if (can_scale(kind_) &&
      button_left_of(right, y, "Scale",
                     {.icon = tokens::kIconArrowExpandVertical, .disabled = !live, .tip = why}))
    scale_.ask(url(), name_, object_.integer({"spec", "replicas"}, 1));
  if (can_restart(kind_) &&
      button_left_of(right, y, "Restart",
                     {.icon = tokens::kIconRestart, .disabled = !live, .tip = why}))
    restart_workload(*app_, url(), name_);
  if (is_node(kind_)) {
    const bool off = object_.truth({"spec", "unschedulable"});
    if (button_left_of(
            right, y, off ? "Uncordon" : "Cordon",
            {.icon = off ? tokens::kIconCheck : tokens::kIconPause, .disabled = !live, .tip = why}))
      set_scheduling(*app_, url(), name_, off ? Scheduling::kOn : Scheduling::kOff);
  }
  return right;
}

void ObjectPage::head(const Rect& r) {
  const auto& c = col();
  float x = r.Min.x + 24;
  icon(x, r.Min.y + 22, 22, c.text_secondary, tokens::kIconCubeOutline);
  x += 34;
  const float right = head_buttons(r);
  Tone tone;
  const std::string st = state(&tone);
  const float bw = st.empty() ? 0 : state_badge_width(st, tone) + 10;
  const std::string shown = fit_middle(
      tokens::kTypeTitle, name_, ImMax(120.0f, right - x - bw - (app_->phone() ? 8.0f : 220.0f)));
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

void ObjectPage::draw_tabs(Frame& f) {
  const Rect& a = f.area;
  std::vector<Tab> list = {{"Overview"}};
  std::vector<std::string> names = {""};
  if (has_pods()) list.push_back({"Pods", pods_.known_count()}), names.push_back("pods");
  list.push_back({"YAML"}), names.push_back("yaml");
  list.push_back({"Related"}), names.push_back("related");
  list.push_back({"Events", events_loaded_ ? static_cast<int>(events_.size()) : -1});
  names.push_back("events");
  int current = 0;
  for (size_t i = 0; i < names.size(); i++) {
    if (f.route.tab == names[i]) current = static_cast<int>(i);
  }
  const int pressed = tabs(a.Min.x + 24, a.Min.y + 64, 40, list.data(),
                           static_cast<int>(list.size()), current, "Parts of " + name_);
  hline(a.Min.x, a.Max.x, a.Min.y + 103, col().border_default);
  if (pressed >= 0 && pressed != current) {
    Route to = f.route;
    to.tab = names[static_cast<size_t>(pressed)];
    app_->replace(to);
  }
  const Rect body(a.Min.x, a.Min.y + 104, a.Max.x, a.Max.y);
  const std::string& tab = names[static_cast<size_t>(current)];
  if (tab == "yaml")
    yaml_.draw(*app_, body, url(), kind_.can_update && !gone_);
  else if (tab == "events")
    events(body);
  else if (tab == "pods")
    pods_.draw(*app_, cluster_, body, kind_, object_);
  else if (tab == "related")
    related_.draw(*app_, cluster_, body, kind_, object_);
  else
    overview(body);
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
  draw_tabs(f);
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

void register_object(PageSet& set) {
  set.add("c/*/r/*/*/*/*", [](const Route& r) { return std::make_unique<ObjectPage>(r); });
}

}  // namespace web
