package dev.asyncmysql.bulk;

/**
 * A row that was inserted, and the key that the server generated for it.
 *
 * @param row the row, as the source emitted it
 * @param key the value of its {@code AUTO_INCREMENT} column; that of a
 * {@code BIGINT UNSIGNED} column beyond {@link Long#MAX_VALUE} is negative
 * @param <T> the type of the row
 */
public record KeyedRow<T>(T row, long key) {

}
