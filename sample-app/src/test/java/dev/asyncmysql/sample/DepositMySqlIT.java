package dev.asyncmysql.sample;

/**
 * What the import of deposits does over HTTP, on MySQL.
 */
@OnMySql
class DepositMySqlIT extends AbstractDepositTests {

}
