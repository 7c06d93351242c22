// Audit: who did what, found on the server; a record opens beside the list with what it changed.
#include <cstdlib>

#include "web/pages/list_page.h"
#include "web/pages/people.h"
#include "web/widgets/forms.h"

namespace web {
namespace {

constexpr int kPage = 100;     // records asked for at once
constexpr double kRest = 400;  // ms after the last key
constexpr size_t kShownMax = 5000;

std::string value_text(const Json& v) {
  if (v.is_null()) return "nothing";
  return v.is_string() ? v.as_string() : engine::dump(v);
}

Tone result_tone(std::string_view result) {
  return result == "ok" ? Tone::kSuccess : result == "refused" ? Tone::kWarning : Tone::kError;
}

class AuditPage final : public Page {
 public:
  AuditPage() {
    list_.columns = {{"result", "Result", 132, 0, false, false},
                     {"who", "Who", 170, 0.9f, false, false},
                     {"did", "Did", 100, 0.3f, false, false, 4},
                     {"name", "What", 220, 1.8f, false, false},
                     {"cluster", "Cluster", 110, 0.6f, false, false, 5},
                     {"from", "From", 120, 0.4f, false, false, 6},
                     {"time", "When", 170, 0, true, false, 3}};
    list_.grid.sort = "time";
    list_.opened = [this](const std::string& id) { show(id); };
  }
  std::string title(App&) override { return "Audit"; }

 private:
  static std::string what_of(const Json& r) {
    std::string out(r.str("resource"));
    if (!r.str("subresource").empty()) out += "/" + std::string(r.str("subresource"));
    std::string name(r.str("name"));
    if (!r.str("namespace").empty()) name = std::string(r.str("namespace")) + "/" + name;
    if (!name.empty() && name != "/") out += (out.empty() ? "" : " ") + name;
    return out.empty() ? std::string(r.str("path")) : out;
  }
  // A record that stands for many.
  static std::string counted_words(const Json& r, int64_t n) {
    if (r.str("verb") == "lost") return plural(n, "record") + " lost: " + std::string(r.str("why"));
    std::string out = plural(n, "more refusal") + " of this kind";
    if (const Json* users = r.find("users"); users != nullptr && users->size() > 0)
      out += ", under " + std::to_string(users->size()) +
             (r.integer({"more_tries"}) > 0 ? " names and more" : " names");
    return out;
  }
  std::string who_of(const Json& r, std::string_view field) {
    const std::string_view id = r.str(field);
    return all_users(*app_).find(id) != nullptr ? person_of_user(*app_, id).name : std::string(id);
  }

  // The address is what is asked for.
  void read(const Route& route) {
    auto get = [&](const char* key) {
      const auto it = route.query.find(key);
      return it == route.query.end() ? std::string() : it->second;
    };
    user_ = get("user");
    verb_ = get("verb");
    resource_ = get("resource");
    result_ = get("result");
    since_ = get("since");
  }
  void write(Frame& f) {
    Route to = f.route;
    to.query = {{"user", user_},
                {"verb", verb_},
                {"resource", resource_},
                {"result", result_},
                {"since", since_}};
    std::erase_if(to.query, [](const auto& one) { return one.second.empty(); });
    app_->replace(to);
  }
  std::string filter_query() const {
    std::string q;
    auto add = [&](const char* key, const std::string& value) {
      if (!value.empty()) q += std::string("&") + key + "=" + url_escape(value);
    };
    add("user", user_);
    add("verb", verb_);
    add("resource", resource_);
    add("result", result_);
    if (!since_.empty())
      add("since", std::to_string(ui().wall - std::atoll(since_.c_str()) * 3600000));
    return q;
  }

  void load(const std::string& marker) {
    app_->api.cancel(request_);
    loading_ = true;
    const std::string url = "/v3/auditlogs?limit=" + std::to_string(kPage) + filter_query() +
                            (marker.empty() ? "" : "&marker=" + marker);
    request_ = app_->api.get(url, alive_.guard([this, fresh = marker.empty()](Result<Json> answer) {
      request_ = 0;
      loading_ = false;
      error_ = answer ? std::string() : answer.error().message();
      if (!answer) return;
      if (fresh) records_.clear();
      if (Json* data = answer->find("data"); data != nullptr && data->is_array()) {
        for (Json& r : data->as_array()) records_.push_back(std::move(r));
      }
      more_ = answer->truth({"pagination", "partial"}) && records_.size() < kShownMax;
      loaded_ = true;
      fill_list();
    }));
  }

  void fill_list() {
    std::vector<SimpleRow> rows;
    for (const Json& r : records_) {
      SimpleRow row;
      row.key = r.str("id");
      const std::string who = who_of(r, "user"), result(r.str("result"));
      row.name = std::string(r.str("verb")) + " " + what_of(r) + " by " + who;
      const int64_t at = parse_time(r.str("time"));
      row.cells = {
          {SimpleCell::Kind::kState,
           result == "ok"        ? "Done"
           : result == "refused" ? "Refused"
                                 : "Failed",
           result_tone(result)},
          {SimpleCell::Kind::kText,
           who.empty() ? "nobody" : who + (r.str("as").empty() ? "" : " as " + who_of(r, "as"))},
          {SimpleCell::Kind::kText, std::string(r.str("verb"))},
          {SimpleCell::Kind::kName, what_of(r)},
          {SimpleCell::Kind::kText,
           r.str("cluster").empty() ? "\xe2\x80\x93" : app_->cluster_name(r.str("cluster"))},
          {SimpleCell::Kind::kMono, std::string(r.str("from"))},
          {SimpleCell::Kind::kAge, time_text(at, app_->backend.zone_minutes(at)), Tone::kNeutral,
           at}};
      row.cells[3].href = "/dashboard/audit#" + row.key;
      if (result != "ok") row.second = r.str("why");
      if (const int64_t n = r.integer({"count"}); n > 0) row.second = counted_words(r, n);
      rows.push_back(std::move(row));
    }
    list_.set(std::move(rows));
  }

  void show(const std::string& id) {
    Route to = app_->route;
    to.tab = to.tab == id ? std::string() : id;
    app_->go(to.url());
  }

  const Json* record(const std::string& id) {
    for (const Json& r : records_) {
      if (r.str("id") == id) return &r;
    }
    if (one_.str("id") == id) return &one_;
    if (asked_one_ != id) {
      asked_one_ = id;
      app_->api.get("/v3/auditlogs/" + url_escape(id), alive_.guard([this](Result<Json> answer) {
        one_ = answer ? std::move(*answer)
                      : Json::object({{"id", asked_one_}, {"missing", answer.error().message()}});
      }));
    }
    return nullptr;
  }

  // ---- the filters

  float toolbar(Frame& f, const Rect& r) {
    const float pad = app_->phone() ? 16 : 24;
    float x = r.Min.x + pad, y = r.Min.y + 8;
    auto place_of = [&](float w) {
      if (x + w > r.Max.x - pad && x > r.Min.x + pad) {
        x = r.Min.x + pad;
        y += 40;
      }
      const Rect out = box(x, y, w, 32);
      x += w + 8;
      return out;
    };
    bool typed = input(place_of(170), "Who", user_,
                       {.hint = "Who: user ID", .icon = tokens::kIconAccountOutline});
    static const std::vector<Choice> verbs = {
        {"", "Anything", {}},     {"create", "create", {}}, {"update", "update", {}},
        {"patch", "patch", {}},   {"delete", "delete", {}}, {"login", "login", {}},
        {"logout", "logout", {}}, {"get", "get", {}},       {"list", "list", {}}};
    bool chosen = choose(place_of(126), "Did", verbs, verb_);
    typed |= input(place_of(170), "Resource", resource_, {.hint = "What: projects, pods"});
    static const std::vector<Choice> results = {{"", "Any result", {}},
                                                {"ok", "Done", {}},
                                                {"refused", "Refused", {}},
                                                {"failed", "Failed", {}}};
    chosen |= choose(place_of(126), "Result", results, result_);
    static const std::vector<Choice> times = {{"", "Any time", {}},
                                              {"1", "Last hour", {}},
                                              {"24", "Last 24 hours", {}},
                                              {"168", "Last 7 days", {}},
                                              {"720", "Last 30 days", {}}};
    chosen |= choose(place_of(140), "When", times, since_);
    if (typed) search_at_ = ui().now + kRest;
    if (chosen || (search_at_ >= 0 && ui().now >= search_at_)) {
      search_at_ = -1;
      write(f);
      load({});
    } else if (search_at_ >= 0) {
      ui().after(search_at_ - ui().now);
    }
    const float end = y + 40;
    hline(r.Min.x, r.Max.x, end - 1, col().border_default);
    return end;
  }

  // ---- one record

  static void line(float x, float& y, float w, std::string_view label, std::string_view value,
                   bool mono = false) {
    if (value.empty()) return;
    text(x, y, tokens::kTypeSmall, col().text_secondary, label, 20);
    const TextStyle& style = mono ? tokens::kTypeCode : tokens::kTypeBody;
    const float h = text_wrap(x + 92, y, style, col().text_primary, value, w - 92, 20, 6);
    say_text(box(x, y, w, h), std::string(label) + " " + std::string(value));
    y += ImMax(20.0f, h) + 6;
  }

  static float difference(const Json& d, float x, float y, float w) {
    const auto& c = col();
    const std::string from = d.find("from") == nullptr ? "" : value_text(*d.find("from")),
                      to = d.find("to") == nullptr ? "" : value_text(*d.find("to"));
    y += text_wrap(x, y, tokens::kTypeCode, c.text_secondary, d.str("path"), w, 18, 3);
    if (!from.empty())
      y += text_wrap(x + 10, y, tokens::kTypeCode, c.state_error_text, "- " + from, w - 10, 18, 6);
    if (!to.empty())
      y += text_wrap(x + 10, y, tokens::kTypeCode, c.state_success_text, "+ " + to, w - 10, 18, 6);
    return y + 8;
  }

  static float changes(const Json& r, float x, float y, float w) {
    const Json* all = r.find("changes");
    if (all == nullptr || !all->is_array()) return y;
    const auto& c = col();
    for (const Json& one : all->as_array()) {
      hline(x, x + w, y + 4, c.border_subtle);
      y += 14;
      std::string name(one.str("name"));
      if (!one.str("namespace").empty()) name = std::string(one.str("namespace")) + "/" + name;
      const std::string did(one.str("did"));
      const std::string head = (did == "create"   ? "Created "
                                : did == "delete" ? "Deleted "
                                                  : "Changed ") +
                               std::string(one.str("resource")) + " " + name;
      const float top = y;
      y += text_wrap(x, y, tokens::kTypeBodyStrong, c.text_primary, head, w, 20) + 4;
      const Json* list = one.find("difference");
      std::string words = head;
      if (list == nullptr && (list = one.find("sent")) != nullptr) {
        y += text_wrap(x, y, tokens::kTypeSmall, c.text_tertiary,
                       "What was sent; what was there before is not known", w) +
             4;
        words += ": what was sent";
      }
      if (const std::string_view why = one.str("not_told"); !why.empty()) {
        y += text_wrap(x, y, tokens::kTypeSmall, c.text_tertiary, "Not told: " + std::string(why),
                       w) +
             4;
        words += ": not told, " + std::string(why);
      }
      if (list != nullptr && list->is_array()) {
        for (const Json& d : list->as_array()) {
          y = difference(d, x, y, w);
          words += " " + std::string(d.str("path"));
        }
      }
      say_text(Rect(x, top, x + w, y), words);
    }
    if (const int64_t n = r.integer({"more_changes"}); n > 0)
      y += text_wrap(x, y, tokens::kTypeSmall, c.text_tertiary,
                     "and " + plural(n, "more change") + " that were not kept", w);
    return y;
  }

  static std::string names_of(const Json* list) {
    std::string out;
    if (list == nullptr || !list->is_array()) return out;
    for (const Json& one : list->as_array())
      if (one.is_string()) out += (out.empty() ? "" : ", ") + one.as_string();
    return out;
  }

  void drawer(Frame& f, const Rect& r, const std::string& id) {
    const auto& c = col();
    vline(r.Min.x, r.Min.y, r.Max.y, c.border_default);
    ui().mirror.open(id_of("drawer"), Role::kRegion, "Record " + id, place(r));
    text(r.Min.x + 20, r.Min.y, tokens::kTypeHeading, c.text_primary, "Record " + id, 48);
    say_heading(box(r.Min.x + 20, r.Min.y, 120, 48), "Record " + id, 2);
    if (icon_button(r.Max.x - 44, r.Min.y + 8, tokens::kIconClose, "Close record").pressed ||
        (app_->page_has_keys() && ImGui::IsKeyPressed(ImGuiKey_Escape, false))) {
      Route to = f.route;
      to.tab.clear();
      app_->go(to.url());
    }
    const Json* rec = record(id);
    if (begin_area("record", Rect(r.Min.x + 1, r.Min.y + 48, r.Max.x, r.Max.y))) {
      const float x = r.Min.x + 20, w = r.GetWidth() - 40;
      float y = r.Min.y + 52 - ImGui::GetScrollY();
      if (rec != nullptr && !rec->str("missing").empty()) {
        y += text_wrap(x, y, tokens::kTypeBody, c.text_secondary, rec->str("missing"), w);
      } else if (rec != nullptr) {
        const std::string result(rec->str("result"));
        state_badge(x - 7, y, 24,
                    (result == "ok"        ? "Done"
                     : result == "refused" ? "Refused"
                                           : "Failed") +
                        std::string(", ") + std::to_string(rec->integer({"code"})),
                    result_tone(result));
        y += 32;
        const int64_t at = parse_time(rec->str("time"));
        line(x, y, w, "When", time_text(at, app_->backend.zone_minutes(at)));
        const std::string who = who_of(*rec, "user");
        line(x, y, w, "Who",
             who + (who == rec->str("user") ? "" : " (" + std::string(rec->str("user")) + ")"));
        line(x, y, w, "As", rec->str("as"));
        line(x, y, w, "Key", rec->str("token"), true);
        line(x, y, w, "From", rec->str("from"), true);
        line(x, y, w, "With", rec->str("agent"));
        line(x, y, w, "Did", std::string(rec->str("verb")) + " " + what_of(*rec));
        if (!rec->str("cluster").empty())
          line(x, y, w, "Cluster", app_->cluster_name(rec->str("cluster")));
        line(x, y, w, "Request",
             std::string(rec->str("method")) + " " + std::string(rec->str("path")), true);
        line(x, y, w, "Why", rec->str("why"));
        if (const int64_t n = rec->integer({"count"}); n > 0) {
          line(x, y, w, "Stands for", counted_words(*rec, n));
          line(x, y, w, "Since",
               time_text(parse_time(rec->str("since")), app_->backend.zone_minutes(at)));
          line(x, y, w, "Names", names_of(rec->find("users")));
        }
        line(x, y, w, "Took", std::to_string(rec->integer({"took_ms"})) + " ms");
        line(x, y, w, "Request ID", rec->str("requestId"), true);
        y = changes(*rec, x, y, w);
      }
      end_area(y + 16);
    } else {
      end_area();
    }
    ui().mirror.close();
  }

  void download() {
    std::string out;
    for (const Json& r : records_) out += engine::dump(r) + "\n";
    app_->backend.download("audit.ndjson", "application/x-ndjson", out);
  }

  void foot(const Rect& r) {
    hline(r.Min.x, r.Max.x, r.Min.y, col().border_default);
    const float pad = app_->phone() ? 16 : 24;
    const std::string n =
        plural(static_cast<int64_t>(records_.size()), "record") + (more_ ? ", and older ones" : "");
    text(r.Min.x + pad, r.Min.y, tokens::kTypeSmall, col().text_secondary, n, 40);
    float right = r.Max.x - pad;
    if (more_ && button_left_of(right, r.Min.y + 6, "Load older", {.busy = loading_, .height = 28}))
      load(std::string(records_.back().str("id")));
    if (!app_->phone() && button_left_of(right, r.Min.y + 6, "Download these",
                                         {.kind = ButtonKind::kGhost,
                                          .icon = tokens::kIconDownload,
                                          .disabled = records_.empty(),
                                          .height = 28}))
      download();
  }

  void draw_content(Frame& f) override {
    app_ = &f.app;
    const Rect& a = f.area;
    if (!started_) {
      started_ = true;
      read(f.route);
      load({});
    }
    page_head(f, {.title = "Audit",
                  .note = "what was written, who signed in, what was refused; newest first"});
    if (icon_button(a.Max.x - (app_->phone() ? 48 : 56), a.Min.y + 16, tokens::kIconRefresh,
                    "Look again", {.framed = true})
            .pressed)
      load({});
    // Names come with the users; the rows are made anew with them.
    if (users_ != all_users(*app_).version && loaded_) {
      users_ = all_users(*app_).version;
      fill_list();
    }
    const bool open = !f.route.tab.empty();
    const float wide = app_->phone() ? a.GetWidth() : tokens::kShellSidePanelWide;
    const float split = open ? a.Max.x - wide : a.Max.x;
    const float top = toolbar(f, Rect(a.Min.x, a.Min.y + 64, a.Max.x, a.Max.y));
    const Rect body(a.Min.x, top, split, a.Max.y - 40);
    if (!open || !app_->phone()) {
      if (!error_.empty()) {
        if (error_page(body, "The audit log cannot be read", error_) == 1) load({});
      } else if (!loaded_) {
        skeleton_rows(body, 40);
      } else if (records_.empty()) {
        empty_page(body, tokens::kIconTextBoxSearchOutline, "Nothing fits",
                   "Nobody did that, or not in this time.");
      } else {
        list_.draw(
            body, "",
            {.select = false, .menu = false, .keys = app_->page_has_keys(), .label = "Audit log"});
      }
      foot(Rect(a.Min.x, a.Max.y - 40, split, a.Max.y));
    }
    if (open) drawer(f, Rect(split, top, a.Max.x, a.Max.y), f.route.tab);
  }

  App* app_ = nullptr;
  std::string user_, verb_, resource_, result_, since_, error_, asked_one_;
  std::vector<Json> records_;
  Json one_;
  SimpleList list_;
  RequestId request_ = 0;
  uint64_t users_ = 0;
  double search_at_ = -1;
  bool started_ = false, loaded_ = false, loading_ = false, more_ = false;
  Lifetime alive_;
};

}  // namespace

void register_audit(PageSet& set) {
  set.add("audit", [](const Route&) { return std::make_unique<AuditPage>(); });
}

}  // namespace web
