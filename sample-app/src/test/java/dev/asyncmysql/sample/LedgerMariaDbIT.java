package dev.asyncmysql.sample;

/**
 * The ledger on the embedded development database, as it starts where nothing is
 * configured.
 */
class LedgerMariaDbIT extends AbstractLedgerTests {

}
