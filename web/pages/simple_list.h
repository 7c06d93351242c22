// SimpleList: a grid over rows that are made anew when a collection changed; for users, keys and
// settings. Thread: the one thread. Owns: the rows.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "web/widgets/grid.h"
#include "web/widgets/parts.h"

namespace web {

struct SimpleCell {
  enum class Kind { kText, kName, kMono, kState, kAge, kTag, kMeter, kPerson };
  Kind kind = Kind::kText;
  std::string words;
  Tone tone = Tone::kNeutral;
  int64_t time = 0;
  std::string note;     // small, after a name
  float fraction = -1;  // of a meter; less than 0 where it is not known
  std::string href;     // of a name
};
struct SimpleRow {
  std::string key, name, haystack;
  std::vector<SimpleCell> cells;
  std::string second;  // why it is as it is
};

class SimpleList final : public GridSource {
 public:
  std::vector<GridColumn> columns;
  std::function<void(const std::string&key)> menu, opened;
  Grid grid;
  void set(std::vector<SimpleRow> rows);  // all of them
  void draw(const Rect& r, std::string_view filter, const GridOptions& options);

  int count() override { return static_cast<int>(order_.size()); }
  uint64_t version() override { return version_; }
  std::string_view key(int row) override { return at(row).key; }
  std::string name(int row) override { return at(row).name; }
  std::string href(int row) override;
  bool second_line(int row) override { return !at(row).second.empty(); }
  void draw_second(Grid& grid, int row, const Rect& r) override;
  void draw_cell(Grid& grid, int row, int column, const Rect& r, const RowLook& look) override;
  std::string cell_words(int row, int column) override;
  void row_menu(int row) override {
    if (menu) menu(at(row).key);
  }
  void open(int row, const Hit&) override {
    if (opened) opened(at(row).key);
  }

 private:
  const SimpleRow& at(int row) const { return rows_[order_[static_cast<size_t>(row)]]; }
  static void tags_cell(std::string_view words, const Rect& r);
  void name_cell(int row, const SimpleCell& c, const Rect& r);
  void order(std::string_view filter);
  std::vector<SimpleRow> rows_;
  std::vector<size_t> order_;
  std::string ordered_for_ = "\x01";
  uint64_t version_ = 1;
};

}  // namespace web
