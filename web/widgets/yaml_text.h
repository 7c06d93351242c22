// YamlText: lines of YAML for the eye: the colour of each part, and how two texts differ, line by
// line and word by word. Thread: any. Owns: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace web {

enum class YamlInk : uint8_t { kPlain, kKey, kString, kNumber, kKeyword, kComment, kPunctuation };
struct YamlSpan {
  uint32_t from;
  YamlInk ink;
};
// `block_indent` is the state between lines: the indent of a block scalar's key while inside of
// one, else -1.
std::vector<YamlSpan> yaml_spans(std::string_view line, int& block_indent);

struct DiffRow {
  int left = -1, right = -1;  // lines; -1 where the side has none
  bool same = true;
  int folded = 0;  // this row stands for so many equal lines, which begin at left and right
};
std::vector<std::string> split_lines(std::string_view text);
// Equal lines side by side, changed ones paired; runs of equal lines longer than `context` on both
// ends are folded (0: never).
std::vector<DiffRow> diff_lines(const std::vector<std::string>& left,
                                const std::vector<std::string>& right, int context);
struct WordRange {
  size_t from_left, to_left, from_right, to_right;
};
WordRange diff_words(std::string_view left, std::string_view right);

}  // namespace web
