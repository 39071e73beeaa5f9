package dev.asyncmysql.observability;

import org.jspecify.annotations.Nullable;

/**
 * The value of a property that is in force, and where it came from.
 *
 * @param value the value, with secrets masked, or {@code null} where the driver or the
 * server decides
 * @param origin a place in a file, another source, or {@code default}
 */
public record EffectiveSetting(@Nullable Object value, String origin) {

}
