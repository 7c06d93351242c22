// The log of a pod in the dock: follow, search, filter, times, wrap.
#include <algorithm>
#include <cmath>
#include <deque>

#include "web/client/lifetime.h"
#include "web/pages/app.h"
#include "web/pages/dock.h"
#include "web/widgets/ansi.h"

namespace web {
namespace {

constexpr size_t kLinesMax = 50'000;
constexpr float kLine = tokens::kSizeRowLogLine;

struct LogLine {
  std::string time;  // as the server stamped it
  AnsiLine body;
  Tone tone = Tone::kNeutral;
  uint32_t level_from = 0, level_to = 0;
};

struct Level {
  const char* word;
  Tone tone;
};
constexpr Level kLevels[] = {{"ERROR", Tone::kError},     {"FATAL", Tone::kError},
                             {"PANIC", Tone::kError},     {"WARN", Tone::kWarning},
                             {"WARNING", Tone::kWarning}, {"INFO", Tone::kInfo},
                             {"DEBUG", Tone::kNeutral},   {"TRACE", Tone::kNeutral}};

// The level is one of the first words, or the letter of klog ("E1124 ...").
void find_level(LogLine& line) {
  const std::string& t = line.body.text;
  for (const Level& l : kLevels) {
    const size_t n = std::char_traits<char>::length(l.word);
    for (size_t i = 0; i + n <= std::min<size_t>(t.size(), 48); i++) {
      size_t k = 0;
      while (k < n && (t[i + k] == l.word[k] || t[i + k] == l.word[k] + 32)) k++;
      const bool before = i == 0 || !isalpha(static_cast<unsigned char>(t[i - 1]));
      const bool after = i + n >= t.size() || !isalpha(static_cast<unsigned char>(t[i + n]));
      if (k < n || !before || !after) continue;
      line.tone = l.tone;
      line.level_from = static_cast<uint32_t>(i);
      line.level_to = static_cast<uint32_t>(i + n);
      return;
    }
  }
  if (t.size() > 5 && isdigit(static_cast<unsigned char>(t[1])) &&
      isdigit(static_cast<unsigned char>(t[4]))) {
    if (t[0] == 'E' || t[0] == 'F')
      line.tone = Tone::kError;
    else if (t[0] == 'W')
      line.tone = Tone::kWarning;
    else if (t[0] == 'I')
      line.tone = Tone::kInfo;
    if (line.tone != Tone::kNeutral) line.level_to = 1;
  }
}

class LogTab final : public DockTab {
 public:
  LogTab(App& app, PodRef pod, std::string container)
      : app_(app), pod_(std::move(pod)), container_(std::move(container)) {
    begin();
  }
  ~LogTab() override { app_.api.cancel(stream_); }
  std::string label() override { return pod_.pod; }
  std::string key() const override {
    return "log " + pod_.cluster + "/" + pod_.ns + "/" + pod_.pod;
  }
  uint32_t icon_code() const override { return tokens::kIconTextLong; }
  void draw(App& app, const Rect& area) override;

 private:
  void begin();
  void open_stream();
  void take(std::string_view bytes);
  void add(std::string_view line);
  void menus(float container_x, float since_x, float y);
  void follow_end(float bottom, float widest, const Rect& r);
  void tools(const Rect& r);
  void lines(const Rect& r);
  void draw_line(const LogLine& line, float x, float y, float right);
  void match();
  float time_width() const { return times_ ? 104.0f : 0.0f; }

  App& app_;
  PodRef pod_;
  std::string container_;
  Lifetime alive_;
  RequestId stream_ = 0;
  std::deque<LogLine> lines_;
  std::string rest_, search_, searched_, ended_, error_;
  std::vector<std::string> containers_;
  std::vector<size_t> shown_;  // lines, when filtered
  size_t matched_ = 0, dropped_ = 0;
  int hits_ = 0;
  bool follow_ = true, times_ = true, wrap_ = false, only_ = false, previous_ = false,
       to_end_ = true;
  int since_ = 2;
};

struct Since {
  const char *label, *query;
};
constexpr Since kSince[] = {{"100 lines", "tailLines=100"},    {"5m", "sinceSeconds=300"},
                            {"1,000 lines", "tailLines=1000"}, {"15m", "sinceSeconds=900"},
                            {"1h", "sinceSeconds=3600"},       {"24h", "sinceSeconds=86400"},
                            {"all", "tailLines=50000"}};

void LogTab::begin() {
  const std::string base = app_.cluster(pod_.cluster).base + "/api/v1/namespaces/" +
                           url_escape(pod_.ns) + "/pods/" + url_escape(pod_.pod);
  app_.api.get(base, alive_.guard([this](Result<Json> pod) {
    if (!pod) {
      error_ = pod.error().message();
      return;
    }
    containers_.clear();
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"}) {
      const Json* all = pod->at({"spec", list});
      if (all == nullptr || !all->is_array()) continue;
      for (const Json& c : all->as_array()) containers_.emplace_back(c.str("name"));
    }
    const std::string_view wanted =
        pod->str({"metadata", "annotations", "kubectl.kubernetes.io/default-container"});
    if (container_.empty())
      container_ = !wanted.empty()       ? std::string(wanted)
                   : containers_.empty() ? ""
                                         : containers_[0];
    open_stream();
  }));
}

void LogTab::open_stream() {
  app_.api.cancel(stream_);
  lines_.clear();
  shown_.clear();
  rest_.clear();
  ended_.clear();
  error_.clear();
  matched_ = dropped_ = 0;
  hits_ = 0;
  to_end_ = true;
  std::string url = app_.cluster(pod_.cluster).base + "/api/v1/namespaces/" + url_escape(pod_.ns) +
                    "/pods/" + url_escape(pod_.pod) + "/log?timestamps=true&" +
                    kSince[since_].query + "&container=" + url_escape(container_);
  url += previous_ ? "&previous=true" : "&follow=true";
  stream_ = app_.api.stream(url, alive_.guard([this](std::string_view bytes) { take(bytes); }),
                            alive_.guard([this](Status* status) {
                              stream_ = 0;
                              if (status != nullptr)
                                error_ = status->message();
                              else
                                ended_ = previous_ ? "End of the previous container's log"
                                                   : "The log has ended";
                            }));
}

void LogTab::take(std::string_view bytes) {
  rest_ += bytes;
  size_t from = 0;
  for (size_t end; (end = rest_.find('\n', from)) != rest_.npos; from = end + 1)
    add(std::string_view(rest_).substr(from, end - from));
  rest_.erase(0, from);
  if (rest_.size() > (1u << 20)) {
    add(rest_);
    rest_.clear();
  }
}

void LogTab::add(std::string_view raw) {
  LogLine line;
  const size_t space = raw.find(' ');
  if (space != raw.npos && space > 18 && raw[10] == 'T') {
    line.time = raw.substr(0, space);
    raw.remove_prefix(space + 1);
  }
  line.body = parse_ansi(raw);
  find_level(line);
  lines_.push_back(std::move(line));
  if (lines_.size() > kLinesMax) {
    lines_.pop_front();
    dropped_++;
    searched_ = "\x01";
  }
}

void LogTab::match() {
  const std::string key = search_ + (only_ ? "!" : "");
  if (searched_ != key) {
    searched_ = key;
    shown_.clear();
    matched_ = 0;
    hits_ = 0;
  }
  for (; matched_ < lines_.size(); matched_++) {
    const bool found =
        search_.empty() || lines_[matched_].body.text.find(search_) != std::string::npos;
    if (!search_.empty() && found) hits_++;
    if (only_ && found && !search_.empty()) shown_.push_back(matched_);
  }
}

void LogTab::menus(float cx, float sx, float y) {
  if (begin_menu("Containers", ImVec2(cx + 4, y), 240)) {
    for (const std::string& name : containers_) {
      if (menu_item(tokens::kIconCubeOutline, name, {.checked = name == container_})) {
        container_ = name;
        open_stream();
      }
    }
    menu_gap();
    if (menu_item(tokens::kIconHistory, "Previous container", {.checked = previous_})) {
      previous_ = !previous_;
      open_stream();
    }
    end_menu();
  }
  if (begin_menu("Since", ImVec2(sx + 4, y), 160)) {
    for (int i = 0; i < static_cast<int>(std::size(kSince)); i++) {
      if (menu_item(0, kSince[i].label, {.checked = i == since_})) {
        since_ = i;
        open_stream();
      }
    }
    end_menu();
  }
}

void LogTab::tools(const Rect& r) {
  float x = r.Min.x + 4;
  const ButtonOptions drop{.kind = ButtonKind::kGhost,
                           .icon_after = tokens::kIconChevronDown,
                           .height = 28,
                           .style = &tokens::kTypeSmallStrong};
  const std::string container = "Container " + container_;
  if (button(x, r.Min.y + 4, container, drop)) open_menu("Containers");
  const float cx = x;
  x += button_width(container, drop) + 2;
  const std::string since = std::string("Since ") + kSince[since_].label;
  if (r.GetWidth() > 560 && button(x, r.Min.y + 4, since, drop)) open_menu("Since");
  const float sx = x;
  menus(cx, sx, r.Max.y);
  float right = r.Max.x - 8;
  const ButtonOptions follow{.kind = ButtonKind::kGhost,
                             .icon = tokens::kIconArrowCollapseDown,
                             .active = follow_,
                             .height = 28,
                             .style = &tokens::kTypeSmallStrong};
  right -= button_width("Follow", follow);
  if (button(right, r.Min.y + 4, "Follow", follow)) {
    follow_ = !follow_;
    to_end_ = follow_;
  }
  auto mark = [&](uint32_t code, std::string_view label, bool on) {
    right -= 32;
    return icon_button(right, r.Min.y + 4, code, label, {.size = 28, .glyph = 16, .active = on})
        .pressed;
  };
  if (mark(tokens::kIconDownload, "Download log", false)) {
    std::string all;
    for (const LogLine& l : lines_)
      all += l.time + (l.time.empty() ? "" : " ") + l.body.text + "\n";
    app_.backend.download(pod_.pod + ".log", "text/plain", all);
  }
  if (mark(tokens::kIconClockOutline, "Times", times_)) times_ = !times_;
  if (mark(tokens::kIconWrap, "Wrap lines", wrap_)) wrap_ = !wrap_;
  if (mark(tokens::kIconFilterVariant, "Only lines that match", only_)) only_ = !only_;
  const float w =
      ImMin(168.0f, right - 8 - (x + (r.GetWidth() > 560 ? button_width(since, drop) : 0)));
  if (w > 80) {
    const std::string note = search_.empty() ? "" : count_text(hits_);
    input(box(right - 8 - w, r.Min.y + 5, w, 26), "Search the log", search_,
          {.hint = "Search", .icon = tokens::kIconMagnify, .note = note});
  }
}

void LogTab::draw_line(const LogLine& line, float x, float y, float right) {
  const auto& c = col();
  const std::string& t = line.body.text;
  if (line.tone == Tone::kError) fill(Rect(x - 12, y, right, y + kLine), c.state_error_subtle);
  if (times_ && line.time.size() > 11) {
    text(x, y, tokens::kTypeLog, c.text_tertiary,
         std::string_view(line.time).substr(11, std::min<size_t>(12, line.time.size() - 11)),
         kLine);
  }
  float tx = x + time_width();
  const float cell = text_width(tokens::kTypeLog, "M");
  if (!search_.empty()) {
    for (size_t at = t.find(search_); at != t.npos; at = t.find(search_, at + search_.size())) {
      fill(box(tx + cell * static_cast<float>(at), y + 1, cell * static_cast<float>(search_.size()),
               kLine - 2),
           c.code_searchHit, 3);
    }
  }
  const Color palette[] = {c.ansi_black, c.ansi_red,     c.ansi_green, c.ansi_yellow,
                           c.ansi_blue,  c.ansi_magenta, c.ansi_cyan,  c.ansi_white};
  if (line.body.spans.empty()) {
    const std::string_view all(t);
    if (line.level_to > 0) {
      tx += text(tx, y, tokens::kTypeLog, c.code_plain, all.substr(0, line.level_from), kLine);
      tx += text(tx, y, tokens::kTypeLog, tone_text(line.tone),
                 all.substr(line.level_from, line.level_to - line.level_from), kLine);
    }
    text(tx, y, tokens::kTypeLog, c.code_plain, all.substr(line.level_to), kLine);
    return;
  }
  size_t from = 0;
  Color ink = c.code_plain;
  for (size_t i = 0; i <= line.body.spans.size(); i++) {
    const size_t to = i < line.body.spans.size() ? line.body.spans[i].from : t.size();
    tx += text(tx, y, tokens::kTypeLog, ink, std::string_view(t).substr(from, to - from), kLine);
    from = to;
    if (i < line.body.spans.size())
      ink = line.body.spans[i].color < 0 ? c.code_plain : palette[line.body.spans[i].color];
  }
}

void LogTab::follow_end(float bottom, float widest, const Rect& r) {
  ImGuiWindow* w = ImGui::GetCurrentWindow();
  w->DC.CursorMaxPos.y = ImMax(w->DC.CursorMaxPos.y, bottom);
  w->DC.CursorMaxPos.x =
      ImMax(w->DC.CursorMaxPos.x, r.Min.x - ImGui::GetScrollX() + (wrap_ ? 0 : widest));
  // Scrolling up ends following, reaching the end begins it again.
  const float max = ImGui::GetScrollMaxY();
  if (ImGui::GetIO().MouseWheel > 0 && ImGui::IsWindowHovered())
    follow_ = to_end_ = false;
  else if (ImGui::GetIO().MouseWheel < 0 && ImGui::IsWindowHovered() &&
           ImGui::GetScrollY() >= max - kLine)
    follow_ = true;
  if (follow_ || to_end_) {
    if (ImGui::GetScrollY() < max - 0.5f) ui().after(0);
    ImGui::SetScrollY(max + 1000000);
    to_end_ = false;
  }
}

void LogTab::lines(const Rect& r) {
  if (!begin_area("lines", r, 0, 0, wrap_ ? 0 : ImGuiWindowFlags_HorizontalScrollbar))
    return end_area();
  const bool filtered = only_ && !search_.empty();
  const size_t n = filtered ? shown_.size() : lines_.size();
  const float cell = text_width(tokens::kTypeLog, "M");
  const float x = r.Min.x + 12 - ImGui::GetScrollX();
  const int columns = ImMax(20, static_cast<int>((r.GetWidth() - 24 - time_width()) / cell));
  float base = r.Min.y + 4 - ImGui::GetScrollY();
  float y = base;
  size_t first = 0;
  if (!wrap_) {
    first = static_cast<size_t>(ImMax(0.0f, (r.Min.y - base) / kLine));
    y = base + kLine * static_cast<float>(first);
  }
  float widest = 0;
  std::string visible;
  for (size_t i = first; i < n; i++) {
    const LogLine& line = lines_[filtered ? shown_[i] : i];
    if (!wrap_) {
      if (y > r.Max.y) break;
      draw_line(line, x, y, r.Max.x);
      widest = ImMax(widest, time_width() + 24 + cell * static_cast<float>(line.body.text.size()));
      visible += line.body.text + "\n";
      y += kLine;
      continue;
    }
    const std::string& t = line.body.text;
    for (size_t from = 0; from == 0 || from < t.size();
         from += static_cast<size_t>(columns), y += kLine) {
      if (y + kLine < r.Min.y || y > r.Max.y) continue;
      LogLine part;
      part.tone = line.tone;
      if (from == 0) part.time = line.time;
      part.body.text = t.substr(from, static_cast<size_t>(columns));
      draw_line(part, x, y, r.Max.x);
      visible += part.body.text + "\n";
    }
  }
  const float bottom = wrap_ ? y : base + kLine * static_cast<float>(n);
  const std::string_view tail =
      !error_.empty() ? std::string_view(error_) : std::string_view(ended_);
  if (!tail.empty()) {
    text(r.Min.x + 12, bottom + 2, tokens::kTypeSmall,
         error_.empty() ? col().text_tertiary : col().state_error_text, tail, 18);
    say_text(box(r.Min.x + 12, bottom, 200, 20), tail);
    const float tw = text_width(tokens::kTypeSmall, tail);
    if (link(r.Min.x + 24 + tw, bottom + 2, tokens::kTypeSmallStrong, "Read again", {}, 18))
      open_stream();
  } else if (n == 0) {
    text(r.Min.x + 12, bottom + 2, tokens::kTypeSmall, col().text_tertiary,
         filtered ? "No line matches" : "No lines yet", 18);
  }
  ui().mirror.say(id_of("log"), Role::kLog, visible, place(r));
  follow_end(bottom + (tail.empty() ? 6 : 28), widest, r);
  end_area();
}

void LogTab::draw(App&, const Rect& area) {
  match();
  tools(Rect(area.Min.x, area.Min.y, area.Max.x, area.Min.y + 36));
  const Rect body(area.Min.x, area.Min.y + 37, area.Max.x, area.Max.y - 4);
  hline(area.Min.x, area.Max.x, area.Min.y + 36, col().border_subtle);
  fill(Rect(body.Min.x, body.Min.y, body.Max.x, area.Max.y), col().surface_sunken,
       tokens::kShellPanelRadius, ImDrawFlags_RoundCornersBottom);
  lines(body);
}

}  // namespace

void open_pod_log(App& app, const PodRef& pod, const std::string& container) {
  app.dock->add(std::make_unique<LogTab>(app, pod, container), 0);
}

}  // namespace web
