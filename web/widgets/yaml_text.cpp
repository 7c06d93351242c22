#include "web/widgets/yaml_text.h"

#include <algorithm>
#include <cstdlib>

namespace web {
namespace {

size_t indent_of(std::string_view line) {
  size_t n = 0;
  while (n < line.size() && line[n] == ' ') n++;
  return n;
}

bool is_number(std::string_view s) {
  if (s.empty() || (s[0] != '-' && s[0] != '+' && s[0] != '.' && (s[0] < '0' || s[0] > '9')))
    return false;
  const std::string text(s);
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return *end == 0;
}

YamlInk value_ink(std::string_view v) {
  while (!v.empty() && v.back() == ' ') v.remove_suffix(1);
  if (v.empty()) return YamlInk::kPlain;
  if (v == "true" || v == "false" || v == "null" || v == "~") return YamlInk::kKeyword;
  if (v[0] == '&' || v[0] == '*' || v[0] == '!') return YamlInk::kKeyword;
  if (v == "{}" || v == "[]" || v == "|" || v == ">" || v == "|-" || v == ">-" || v == "|+" ||
      v == ">+")
    return YamlInk::kPunctuation;
  return is_number(v) ? YamlInk::kNumber : YamlInk::kString;
}

// Where a comment begins outside of quotes, or npos.
size_t comment_at(std::string_view line) {
  char quote = 0;
  for (size_t i = 0; i < line.size(); i++) {
    const char c = line[i];
    if (quote != 0) {
      if (c == '\\' && quote == '"')
        i++;
      else if (c == quote)
        quote = 0;
    } else if ((c == '"' || c == '\'') && (i == 0 || line[i - 1] == ' ' || line[i - 1] == '[' ||
                                           line[i - 1] == '{' || line[i - 1] == ',')) {
      quote = c;
    } else if (c == '#' && (i == 0 || line[i - 1] == ' ')) {
      return i;
    }
  }
  return line.npos;
}

size_t key_end(std::string_view s) {
  if (!s.empty() && (s[0] == '"' || s[0] == '\'')) {
    const size_t close = s.find(s[0], 1);
    return close != s.npos && close + 1 < s.size() && s[close + 1] == ':' ? close + 1 : s.npos;
  }
  for (size_t i = 0; i < s.size(); i++) {
    if (s[i] == ':' && (i + 1 == s.size() || s[i + 1] == ' ')) return i;
  }
  return s.npos;
}

}  // namespace

std::vector<YamlSpan> yaml_spans(std::string_view line, int& block_indent) {
  std::vector<YamlSpan> out;
  const size_t indent = indent_of(line);
  if (block_indent >= 0) {
    if (indent == line.size() || static_cast<int>(indent) > block_indent) {
      out.push_back({0, YamlInk::kString});
      return out;
    }
    block_indent = -1;
  }
  const size_t comment = comment_at(line);
  const std::string_view code = line.substr(0, comment);
  size_t at = indent;
  while (at + 1 < code.size() && code[at] == '-' && code[at + 1] == ' ') {
    out.push_back({static_cast<uint32_t>(at), YamlInk::kPunctuation});
    at += 2;
  }
  if (code.substr(at) == "-" || code.substr(at) == "---") {
    out.push_back({static_cast<uint32_t>(at), YamlInk::kPunctuation});
    at = code.size();
  }
  const size_t key = at < code.size() ? key_end(code.substr(at)) : code.npos;
  size_t value = at;
  if (key != code.npos) {
    out.push_back({static_cast<uint32_t>(at), YamlInk::kKey});
    out.push_back({static_cast<uint32_t>(at + key), YamlInk::kPunctuation});
    value = at + key + 1;
    while (value < code.size() && code[value] == ' ') value++;
  }
  if (value < code.size()) {
    const YamlInk ink = value_ink(code.substr(value));
    out.push_back({static_cast<uint32_t>(value), ink});
    if (ink == YamlInk::kPunctuation && (code[value] == '|' || code[value] == '>'))
      block_indent = static_cast<int>(key != code.npos ? at : indent);
  }
  if (comment != line.npos) out.push_back({static_cast<uint32_t>(comment), YamlInk::kComment});
  return out;
}

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> out;
  while (true) {
    const size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    if (end == text.npos) return out;
    text.remove_prefix(end + 1);
  }
}

namespace {

// Pairs of equal lines (Myers, greedy, with the trace kept); texts that differ wildly are compared
// by their ends only.
std::vector<std::pair<int, int>> matches(const std::vector<std::string>& a,
                                         const std::vector<std::string>& b) {
  std::vector<std::pair<int, int>> out;
  int head = 0;
  const int an = static_cast<int>(a.size()), bn = static_cast<int>(b.size());
  while (head < an && head < bn && a[static_cast<size_t>(head)] == b[static_cast<size_t>(head)])
    out.emplace_back(head, head), head++;
  int tail = 0;
  while (tail < an - head && tail < bn - head &&
         a[static_cast<size_t>(an - 1 - tail)] == b[static_cast<size_t>(bn - 1 - tail)])
    tail++;
  const int n = an - head - tail, m = bn - head - tail;
  const int limit = std::min(n + m, 2000);
  std::vector<std::vector<int>> trace;
  std::vector<int> v(static_cast<size_t>(2 * limit + 3), 0);
  const int mid = limit + 1;
  auto A = [&](int i) -> const std::string& { return a[static_cast<size_t>(head + i)]; };
  auto B = [&](int i) -> const std::string& { return b[static_cast<size_t>(head + i)]; };
  int found = -1;
  for (int d = 0; d <= limit && found < 0 && n > 0 && m > 0; d++) {
    trace.push_back(v);
    for (int k = -d; k <= d; k += 2) {
      const auto at = static_cast<size_t>(mid + k);
      int x = k == -d || (k != d && v[at - 1] < v[at + 1]) ? v[at + 1] : v[at - 1] + 1;
      int y = x - k;
      while (x < n && y < m && A(x) == B(y)) x++, y++;
      v[at] = x;
      if (x >= n && y >= m) {
        found = d;
        break;
      }
    }
  }
  std::vector<std::pair<int, int>> middle;
  int x = n, y = m;
  for (int d = found; d >= 0; d--) {
    const std::vector<int>& old = trace[static_cast<size_t>(d)];
    const int k = x - y;
    const auto at = static_cast<size_t>(mid + k);
    const int pk = k == -d || (k != d && old[at - 1] < old[at + 1]) ? k + 1 : k - 1;
    const int px = d == 0 ? 0 : old[static_cast<size_t>(mid + pk)];
    const int py = d == 0 ? 0 : px - pk;
    while (x > px && y > py) {
      x--, y--;
      middle.emplace_back(head + x, head + y);
    }
    x = px;
    y = py;
  }
  out.insert(out.end(), middle.rbegin(), middle.rend());
  for (int i = tail; i > 0; i--) out.emplace_back(an - i, bn - i);
  return out;
}

}  // namespace

std::vector<DiffRow> diff_lines(const std::vector<std::string>& left,
                                const std::vector<std::string>& right, int context) {
  std::vector<DiffRow> all;
  int l = 0, r = 0;
  auto gap = [&](int to_l, int to_r) {
    while (l < to_l || r < to_r) {
      DiffRow row;
      row.same = false;
      if (l < to_l) row.left = l++;
      if (r < to_r) row.right = r++;
      all.push_back(row);
    }
  };
  for (const auto& [a, b] : matches(left, right)) {
    gap(a, b);
    all.push_back({l++, r++, true, 0});
  }
  gap(static_cast<int>(left.size()), static_cast<int>(right.size()));
  if (context <= 0) return all;
  std::vector<DiffRow> out;
  for (size_t i = 0; i < all.size();) {
    if (!all[i].same) {
      out.push_back(all[i++]);
      continue;
    }
    size_t end = i;
    while (end < all.size() && all[end].same) end++;
    const size_t keep_head = i == 0 ? 0 : static_cast<size_t>(context);
    const size_t keep_tail = end == all.size() ? 0 : static_cast<size_t>(context);
    if (end - i > keep_head + keep_tail + 4) {
      out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(i),
                 all.begin() + static_cast<std::ptrdiff_t>(i + keep_head));
      DiffRow fold = all[i + keep_head];
      fold.folded = static_cast<int>(end - i - keep_head - keep_tail);
      out.push_back(fold);
      out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(end - keep_tail),
                 all.begin() + static_cast<std::ptrdiff_t>(end));
    } else {
      out.insert(out.end(), all.begin() + static_cast<std::ptrdiff_t>(i),
                 all.begin() + static_cast<std::ptrdiff_t>(end));
    }
    i = end;
  }
  return out;
}

WordRange diff_words(std::string_view a, std::string_view b) {
  size_t head = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) head++;
  size_t tail = 0;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    tail++;
  // To the borders of words, so that 256Mi and 512Mi are marked whole.
  auto inside = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  };
  while (head > 0 && inside(a[head - 1])) head--;
  while (tail > 0 && inside(a[a.size() - tail])) tail--;
  return {head, a.size() - tail, head, b.size() - tail};
}

}  // namespace web
