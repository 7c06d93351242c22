// Palette: Ctrl+K. Finds clusters, kinds, namespaces, objects of the open lists, pages and actions
// by a few letters. Thread: the one thread. Owns: its text and matches.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "web/widgets/ui.h"

namespace web {

class App;

// How well `query` is found in `text`, letter by letter in order; negative when it is not.
int fuzzy_score(std::string_view query, std::string_view text);

class Palette {
 public:
  explicit Palette(App& app) : app_(app) {}
  void open(std::string text = {});
  void close();
  bool is_open() const { return open_; }
  void draw();

 private:
  struct Entry {
    uint32_t icon;
    std::string label, note, key, href;
    std::function<void()> action;
    int score = 0;
  };
  void collect();
  void collect_cluster(const std::string& here, const std::function<void(Entry)>& add);
  void run(const Entry& entry);
  bool draw_row(int i, const Rect& r, int first);  // true when it was pressed
  App& app_;
  bool open_ = false, focus_ = false;
  std::string text_, searched_ = "\x01";
  std::vector<Entry> entries_;
  int current_ = 0;
};

}  // namespace web
