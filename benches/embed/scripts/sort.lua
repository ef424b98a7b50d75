local function partition(items, first, last)
  local middle = math.floor((first + last) / 2)
  items[middle], items[last] = items[last], items[middle]
  local pivot, stop = items[last], first
  for at = first, last - 1 do
    if items[at] < pivot then
      items[at], items[stop] = items[stop], items[at]
      stop = stop + 1
    end
  end
  items[stop], items[last] = items[last], items[stop]
  return stop
end

local function sort(items, first, last)
  while first < last do
    local middle = partition(items, first, last)
    sort(items, first, middle - 1)
    first = middle + 1
  end
end

function sorted(given)
  local items = {}
  for at = 1, #given do items[at] = given[at] end
  sort(items, 1, #items)
  return items
end
