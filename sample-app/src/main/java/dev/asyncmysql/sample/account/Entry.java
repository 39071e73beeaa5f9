package dev.asyncmysql.sample.account;

import java.math.BigDecimal;

/**
 * One line of a statement.
 *
 * @param id the key; it grows with time
 * @param transferId the transfer that the entry belongs to
 * @param amount what the account gained, negative where it paid
 */
record Entry(long id, long transferId, BigDecimal amount) {
}
