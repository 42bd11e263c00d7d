# Picks numbers out of what a workload prints and keeps them for the table; to
# be sourced. `figures` is the file that keeps them.
# shellcheck shell=bash

# figure WORKLOAD NAME VALUE: one value of one round.
figure() {
  [[ -n "$3" ]] || {
    echo "run: $1 printed no $2" >&2
    exit 1
  }
  printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"${figures:?}"
}

# after WORDS: the number that follows the words in what comes in, the first.
after() {
  sed -nE "s/.*$1 *(-?[0-9][0-9.e+-]*).*/\1/p" | sed -n 1p
}

# column LINE N: the Nth word from the end of the line that starts with LINE.
column() {
  awk -v line="$1" -v n="$2" 'index($0, line " ") && !seen++ {print $(NF - n)}'
}

# divide A B: nothing when there is no A.
divide() {
  [[ -z "$1" ]] || awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4g\n", a / b }'
}

# The median, lowest and highest of each figure, in the order of their first
# values.
print_table() {
  echo '| workload | figure | median | lowest | highest |'
  echo '| --- | --- | --- | --- | --- |'
  awk -F '\t' '
    {
      key = $1 " | " $2
      if (!(key in count)) order[++keys] = key
      value[key, ++count[key]] = $3 + 0
    }
    END {
      for (k = 1; k <= keys; ++k) {
        key = order[k]
        n = count[key]
        for (i = 2; i <= n; ++i) {
          v = value[key, i]
          for (j = i - 1; j >= 1 && value[key, j] > v; --j)
            value[key, j + 1] = value[key, j]
          value[key, j + 1] = v
        }
        middle = (value[key, int((n + 1) / 2)] + value[key, int(n / 2) + 1]) / 2
        printf "| %s | %.4g | %.4g | %.4g |\n", key, middle, value[key, 1],
          value[key, n]
      }
    }' "${figures:?}"
}
